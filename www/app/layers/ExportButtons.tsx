import { useState } from "preact/hooks";
import type { ImageInspection, LoadedModel } from "resnet-web";
import { offersClipboard } from "../offers";
import { save } from "../save";
import { strings } from "../strings";
import { toCsv, toJson, toMarkdown } from "./export";

const text = strings.layers.export;

interface ExportButtonsProps {
  model: LoadedModel;
  /** What is known of the layers' times. */
  inspection: ImageInspection | null;
}

/** The table to take away. */
export function ExportButtons({ model: { info, summary }, inspection }: ExportButtonsProps) {
  const [said, setSaid] = useState("");
  const formats = [
    { ending: "json", type: "application/json", make: () => toJson(info, summary, inspection) },
    { ending: "csv", type: "text/csv", make: () => toCsv(summary, inspection) },
    { ending: "md", type: "text/markdown", make: () => toMarkdown(info, summary, inspection) },
  ];
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(toMarkdown(info, summary, inspection));
      setSaid(text.copied);
    } catch {
      setSaid(text.refused);
    }
  };
  return (
    <fieldset class="exports">
      <legend>{text.legend}</legend>
      {formats.map(({ ending, type, make }) => (
        <button
          key={ending}
          type="button"
          onClick={() => save(`${info.architecture}.${ending}`, new Blob([make()], { type }))}
        >
          {text.formats[ending as keyof typeof text.formats]}
        </button>
      ))}
      {offersClipboard() && (
        <button type="button" onClick={copy}>
          {text.copy}
        </button>
      )}
      <span class="fine" role="status">
        {said}
      </span>
    </fieldset>
  );
}
