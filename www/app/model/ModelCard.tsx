import type { LoadedModel } from "../../lib";
import { grouped, megabytes, shape } from "../format";
import { strings } from "../strings";
import type { ModelState } from "./useModel";
import "./model.css";

const text = strings.model;

interface ModelCardProps extends Pick<ModelState, "model" | "progress" | "error"> {
  onLoad: () => void;
  onCancel: () => void;
}

/** The model: how far its weights are, then what it is. */
export function ModelCard({ model, progress, error, onLoad, onCancel }: ModelCardProps) {
  return (
    <section class="card model" aria-labelledby="model-heading">
      <h2 id="model-heading">{model ? model.info.architecture : text.heading}</h2>
      {progress && <Download progress={progress} onCancel={onCancel} />}
      {model && <Facts {...model} />}
      {!progress && (error || !model) && (
        <>
          {!model && <p class="placeholder">{text.none}</p>}
          <button type="button" onClick={onLoad}>
            {text.retry}
          </button>
        </>
      )}
    </section>
  );
}

function Download({
  progress: { loaded, total, cached },
  onCancel,
}: {
  progress: NonNullable<ModelState["progress"]>;
  onCancel: () => void;
}) {
  const whole = total !== null && loaded >= total;
  const label = whole ? text.building : cached ? text.fromCache : text.loading;
  return (
    <div class="download">
      <label for="download">{label}</label>
      <progress id="download" {...(total !== null && !whole && { value: loaded, max: total })} />
      <p class="fine">
        {text.progress(megabytes(loaded), total === null ? null : megabytes(total))}
      </p>
      {!whole && (
        <button type="button" onClick={onCancel}>
          {text.cancel}
        </button>
      )}
    </div>
  );
}

function Facts({ info, summary, bytes }: LoadedModel) {
  const facts = [
    [text.facts.parameters, grouped(summary.parameters)],
    [text.facts.classes, grouped(info.classes)],
    [text.facts.input, shape(info.inputShape)],
    [text.facts.file, text.fileSize(megabytes(bytes), info.dtype)],
    [text.facts.source, info.source],
    [text.facts.license, info.license],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
