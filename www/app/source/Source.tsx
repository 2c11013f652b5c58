import { useCallback, useEffect, useState } from "preact/hooks";
import { Camera } from "../camera/Camera";
import { FileButton } from "../FileButton";
import type { ClassificationState, Photo } from "../results/useClassification";
import { strings } from "../strings";
import { kindOf } from "./kind";
import "./source.css";

const text = strings.source;
const SAMPLES = [
  { file: "chelsea.png", label: text.sampleLabels.chelsea },
  { file: "coffee.png", label: text.sampleLabels.coffee },
];

interface SourceProps {
  photo: ClassificationState["photo"];
  onPhoto: (photo: Photo) => void;
  onWeights: (file: File) => void;
  onLabels: (file: File) => void;
  onFault: (message: string) => void;
}

/** Where photos come from: a file, a drop, the clipboard, the camera, the samples. */
export function Source({ photo, onPhoto, onWeights, onLabels, onFault }: SourceProps) {
  const [camera, setCamera] = useState(false);
  // Wherever a photo comes from, it takes the camera's place.
  const take = useCallback(
    (photo: Photo) => {
      setCamera(false);
      onPhoto(photo);
    },
    [onPhoto],
  );
  const takeFile = useCallback(
    async (file: File, name: string) => {
      // A file that cannot be read is no photo either, which is said where photos are decoded.
      const kind = await kindOf(file).catch(() => "photo" as const);
      if (kind === "weights") onWeights(file);
      else if (kind === "labels") onLabels(file);
      else take({ blob: file, name });
    },
    [take, onWeights, onLabels],
  );
  const dragging = useDropAndPaste(takeFile, onFault);

  return (
    <section class={`card source ${dragging ? "is-target" : ""}`} aria-labelledby="source-heading">
      <h2 id="source-heading" class="visually-hidden">
        {text.heading}
      </h2>
      {camera ? (
        <Camera onPhoto={take} onFault={onFault} onStop={() => setCamera(false)} />
      ) : (
        <div class="stage">
          {photo && <img class="photo" src={photo.url} alt={text.photoAlt(photo.name)} />}
          {(!photo || dragging) && (
            <div class="prompt">
              <p class="prompt-title">{dragging ? text.release : text.prompt}</p>
              {!dragging && <p>{text.promptMore}</p>}
            </div>
          )}
        </div>
      )}
      <div class="actions">
        <FileButton
          label={text.choose}
          accept="image/*"
          primary
          onFile={(file) => take({ blob: file, name: file.name })}
        />
        {!camera && (
          <button type="button" onClick={() => setCamera(true)}>
            {text.camera}
          </button>
        )}
        <Samples onPhoto={take} onFault={onFault} />
      </div>
    </section>
  );
}

function Samples({ onPhoto, onFault }: Pick<SourceProps, "onPhoto" | "onFault">) {
  const choose = async (file: string) => {
    try {
      const response = await fetch(`./photos/${file}`);
      if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
      onPhoto({ blob: await response.blob(), name: file });
    } catch (thrown) {
      onFault(`${file}: ${(thrown as Error).message}`);
    }
  };
  return (
    <fieldset class="samples">
      <legend>{text.samples}</legend>
      {SAMPLES.map(({ file, label }) => (
        <button key={file} type="button" class="sample" onClick={() => choose(file)}>
          <img src={`./photos/${file}`} alt={label} loading="lazy" />
        </button>
      ))}
    </fieldset>
  );
}

/** Takes files that are dropped on the page or pasted into it. Tells whether one hovers over it. */
function useDropAndPaste(
  onFile: (file: File, name: string) => void,
  onFault: (message: string) => void,
): boolean {
  const [dragging, setDragging] = useState(false);

  const take = useCallback(
    (data: DataTransfer | null, unnamed: string) => {
      const file = data?.files[0];
      if (file) onFile(file, file.name || unnamed);
      else onFault(text.noFile);
    },
    [onFile, onFault],
  );

  useEffect(() => {
    const over = (event: DragEvent) => {
      event.preventDefault();
      setDragging(true);
    };
    const leave = (event: DragEvent) => {
      // Elements of the page tell of leaving, too; only out of the window counts.
      if (!event.relatedTarget) setDragging(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setDragging(false);
      take(event.dataTransfer, text.pasted);
    };
    const paste = (event: ClipboardEvent) => take(event.clipboardData, text.pasted);
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    window.addEventListener("paste", paste);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
      window.removeEventListener("paste", paste);
    };
  }, [take]);
  return dragging;
}
