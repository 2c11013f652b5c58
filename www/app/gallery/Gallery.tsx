import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { FileText } from "../FileText";
import { paragraph } from "../file-text";
import { readableLabel } from "../format";
import { save } from "../save";
import { useStore } from "../store/context";
import { strings } from "../strings";
import { worded } from "../worded";
import { galleryCsv } from "./csv";
import type { Outcome } from "./outcome";
import "./gallery.css";

const text = strings.gallery;
/** Photos that have an image on the page at a time; the others follow by a button. */
const PORTION = 60;
/** Classes that are kept of each photo. */
const TOP = 5;

/** Many photos and what each of them shows. Results are kept, not images. */
export function Gallery({ files }: { files: readonly File[] }) {
  const { source, model: modelStore } = useStore();
  const { classifier } = modelStore;
  const model = modelStore.model.value;
  const [outcomes, setOutcomes] = useState<(Outcome | undefined)[]>([]);
  const [isOver, setOver] = useState(false);
  const [visible, setVisible] = useState(PORTION);
  const cancel = useRef<AbortController | null>(null);
  const began = useRef(0);
  const modelId = model?.id;

  useEffect(() => {
    setOutcomes([]);
    setOver(false);
    setVisible(PORTION);
    if (modelId === undefined) return;
    const controller = new AbortController();
    cancel.current = controller;
    began.current = performance.now();
    const note = (place: number, outcome: Outcome) =>
      setOutcomes((before) => {
        const after = [...before];
        after[place] = outcome;
        return after;
      });
    const { signal } = controller;
    const classifyAll = async () => {
      for await (const item of classifier.classifyMany(files, { top: TOP, signal })) {
        if (signal.aborted) return;
        const { index, result, error } = item;
        note(index, result ? { result } : { error: worded(error) });
      }
    };
    void classifyAll()
      // Cancelled, or the classifier has ended, which the page says elsewhere.
      .catch(() => {})
      .then(() => {
        if (cancel.current === controller) setOver(true);
      });
    return () => {
      cancel.current = null;
      controller.abort();
    };
  }, [files, classifier, modelId]);

  const done = outcomes.filter(Boolean).length;
  const failed = outcomes.filter((outcome) => outcome && "error" in outcome).length;
  const perSecond = (1000 * done) / Math.max(performance.now() - began.current, 1);
  const saveCsv = () =>
    save("resnet-web.csv", new Blob([galleryCsv(files, outcomes)], { type: "text/csv" }));
  return (
    <section class="card gallery" aria-labelledby="gallery-heading">
      <div class="gallery-head">
        <h2 id="gallery-heading">{text.heading(files.length)}</h2>
        <div class="gallery-actions">
          {!isOver && (
            <button type="button" onClick={() => cancel.current?.abort()}>
              {text.cancel}
            </button>
          )}
          <button type="button" disabled={done === 0} onClick={saveCsv}>
            {text.csv}
          </button>
          <button type="button" onClick={source.closeMany}>
            {text.close}
          </button>
        </div>
      </div>
      <progress max={files.length} value={done} aria-label={text.progressLabel} />
      <p class="fine" role="status">
        {!model
          ? text.waiting
          : isOver
            ? text.over(done, files.length, failed)
            : text.running(done, files.length)}
        {model && !isOver && done > 1 && ` ${text.speed(perSecond)}`}
      </p>
      <ul class="gallery-grid">
        {files.slice(0, visible).map((file, i) => (
          <Tile
            key={`${i} ${file.name}`}
            file={file}
            outcome={outcomes[i]}
            onShow={() => source.show({ blob: file, name: file.name })}
          />
        ))}
      </ul>
      {visible < files.length && (
        <button type="button" onClick={() => setVisible(visible + PORTION)}>
          {text.more(Math.min(PORTION, files.length - visible))}
        </button>
      )}
    </section>
  );
}

interface TileProps {
  file: File;
  outcome: Outcome | undefined;
  onShow: () => void;
}

function Tile({ file, outcome, onShow }: TileProps) {
  const url = useMemo(() => URL.createObjectURL(file), [file]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  const first = outcome && "result" in outcome ? outcome.result.top[0] : undefined;
  return (
    <li>
      <button type="button" class="tile" onClick={onShow}>
        <img src={url} alt="" loading="lazy" decoding="async" />
        <span class="tile-name">
          <FileText>{file.name}</FileText>
        </span>
        {first && (
          <span class="tile-result">
            <bdi>{readableLabel(first.label)}</bdi>,{" "}
            {strings.results.probability(first.probability)}
          </span>
        )}
        {outcome && "result" in outcome && outcome.result.cutShort && (
          <span class="fine">{text.cutShort}</span>
        )}
        {outcome && "error" in outcome && (
          <span class="tile-error">{paragraph(outcome.error)}</span>
        )}
        {!outcome && <span class="fine">…</span>}
      </button>
    </li>
  );
}
