import type { Description, LoadedModel, Note, Progress } from "resnet-web";
import { FileButton } from "../FileButton";
import { FileText } from "../FileText";
import { isolated } from "../file-text";
import { grouped, megabytes, shape } from "../format";
import { useStore } from "../store/context";
import { strings } from "../strings";
import { AddressForm } from "./AddressForm";
import { LABEL_FILES, WEIGHT_FILES } from "./accept";
import { Choices } from "./Choices";
import { stemOf, variantsOf } from "./variants";
import "./model.css";

const text = strings.model;

/** The model: how far its weights are, what it is, what was assumed of it, and how to take another. */
export function ModelCard() {
  const store = useStore();
  const { state, isDefault, ...actions } = store.model;
  const { model, progress, question, error, cached, unsupported } = state.value;
  return (
    <section class="card model" aria-labelledby="model-heading">
      <h2 id="model-heading">
        {model ? <FileText>{model.info.architecture}</FileText> : text.heading}
      </h2>
      {progress && <Download progress={progress} onCancel={actions.cancel} />}
      {model && <Facts {...model} />}
      {model && (
        <Notes notes={model.info.notes} unsupported={[...model.unsupported, ...unsupported]} />
      )}
      {model && (
        <Choices
          info={model.info}
          disabled={progress !== null}
          onChoose={actions.choose}
          onFiles={actions.describe}
        />
      )}
      {!progress && !model && <p class="placeholder">{text.none}</p>}
      <div class="model-actions">
        {!progress && !question && (error || !model) && (
          <button type="button" onClick={actions.loadAgain}>
            {text.retry}
          </button>
        )}
        <FileButton
          label={text.open}
          accept={`${WEIGHT_FILES},${LABEL_FILES}`}
          many="files"
          onFiles={store.source.takeFiles}
        />
        {!isDefault.value && (
          <button type="button" onClick={() => actions.open(null)}>
            {text.openDefault}
          </button>
        )}
        <p class="fine">{text.openHint}</p>
        <AddressForm disabled={progress !== null} onAddress={actions.open} />
      </div>
      {model && !model.kept.cached && model.kept.reason !== "file" && (
        <p class="fine">{text.notKept[model.kept.reason]}</p>
      )}
      {cached && cached.files > 0 && (
        <p class="fine kept">
          {text.kept(cached.files, megabytes(cached.bytes))}
          <button type="button" onClick={actions.clearCache}>
            {text.clearCache}
          </button>
        </p>
      )}
    </section>
  );
}

function Download({
  progress: { loaded, total, cached },
  onCancel,
}: {
  progress: Progress;
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
      <button type="button" onClick={onCancel}>
        {text.cancel}
      </button>
    </div>
  );
}

/** How the file was read, where that is not a matter of course. */
function Notes({
  notes,
  unsupported,
}: {
  notes: readonly Note[];
  unsupported: Description["unsupported"];
}) {
  const lines = [
    ...notes.map((note) => {
      if (note.kind === "head") return text.notes.head(isolated(note.layer));
      if (note.kind === "no-head") return text.notes.noHead;
      const { first, count } = note.tensors;
      return text.notes.ignored(first.map(isolated).join(", "), count - first.length);
    }),
    ...unsupported.map(({ name, value }) => text.notes.unsupported(name, isolated(value))),
  ];
  return lines.map((line) => (
    <p key={line} class="fine note">
      {line}
    </p>
  ));
}

type Fact = [name: string, value: string];

function Facts({ info, summary, bytes }: LoadedModel) {
  const variants = variantsOf(info).map((variant) => text.variants[variant]);
  const facts: Fact[] = [
    [text.facts.parameters, grouped(summary.parameters)],
    [text.facts.classes, info.classes === 0 ? text.noClasses : grouped(info.classes)],
    [text.facts.input, shape(info.inputShape)],
    [text.facts.stem, stemOf(info.stem) + text.stemPools[info.stem.pool]],
    ...(variants.length > 0 ? [[text.facts.variants, variants.join(", ")] as Fact] : []),
    [text.facts.file, text.fileSize(megabytes(bytes), info.dtype)],
    [
      text.facts.format,
      // The graph of an ONNX file needs no names.
      info.format === "onnx"
        ? text.formats.onnx
        : text.format(text.formats[info.format], info.naming),
    ],
    [text.facts.source, info.source || text.unknown],
    [text.facts.license, info.license || text.unknown],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <FileText>{value}</FileText>
          </dd>
        </div>
      ))}
    </dl>
  );
}
