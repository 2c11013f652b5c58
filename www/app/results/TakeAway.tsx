import { useState } from "preact/hooks";
import type { Prediction } from "resnet-web";
import { plain } from "../file-text";
import { readableLabel } from "../format";
import { offersClipboard } from "../offers";
import { save } from "../save";
import { strings } from "../strings";
import { annotatedPng } from "./annotate";

const text = strings.share;

interface TakeAwayProps {
  photo: { blob: Blob; name: string };
  predictions: readonly Prediction[];
  /** The model's name. */
  model: string;
  /** An address that restores model and settings; null where the model is a file of this device. */
  link: string | null;
}

/** The result as text, as an image, and the page as a link. */
export function TakeAway({ photo, predictions, model, link }: TakeAwayProps) {
  const [said, setSaid] = useState("");
  const copy = async (content: string, done: string) => {
    try {
      await navigator.clipboard.writeText(content);
      setSaid(done);
    } catch {
      setSaid(text.refused);
    }
  };
  const lines = predictions.map(
    ({ label, probability }) =>
      `${readableLabel(label)}: ${strings.results.probability(probability)}`,
  );
  const savePng = async () => {
    try {
      const name = photo.name.replace(/\.[^.]*$/, "");
      save(`${name}-${model}.png`, await annotatedPng(photo.blob, predictions, model));
      setSaid(text.saved);
    } catch (thrown) {
      setSaid(text.notSaved((thrown as Error).message));
    }
  };
  return (
    <div class="take-away">
      {offersClipboard() && (
        <button
          type="button"
          onClick={() =>
            copy([plain(photo.name), ...lines, text.madeBy(plain(model))].join("\n"), text.copied)
          }
        >
          {text.copy}
        </button>
      )}
      <button type="button" onClick={savePng}>
        {text.save}
      </button>
      {offersClipboard() && (
        <button
          type="button"
          onClick={() => (link ? copy(link, text.linked) : setSaid(text.noLink))}
        >
          {text.link}
        </button>
      )}
      <p class="fine" role="status">
        {said}
      </p>
    </div>
  );
}
