import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Camera } from "../camera/Camera";
import { FileButton } from "../FileButton";
import { plain } from "../file-text";
import { filesOf, isPhoto } from "../gallery/dropped";
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
  /** What lies over the photo or the camera's picture. */
  over: ComponentChildren;
  /** Whether the camera takes the photo's place. */
  camera: boolean;
  onCamera: (camera: boolean) => void;
  onVideo: (video: HTMLVideoElement | null) => void;
  onCameraFault: (message: string) => void;
  onPhoto: (photo: Photo) => void;
  /** Takes several photos at once. */
  onMany: (files: File[]) => void;
  onWeights: (file: File) => void;
  onLabels: (file: File) => void;
  onFault: (message: string) => void;
}

/** Where photos come from: a file, a drop, the clipboard, the camera, the samples. */
export function Source(props: SourceProps) {
  const { photo, over, camera, onCamera, onVideo, onCameraFault } = props;
  const { onPhoto, onMany, onWeights, onLabels, onFault } = props;
  const takeFile = useCallback(
    async (file: File, name: string) => {
      // A file that cannot be read is no photo either, which is said where photos are decoded.
      const kind = await kindOf(file).catch(() => "photo" as const);
      if (kind === "weights") onWeights(file);
      else if (kind === "labels") onLabels(file);
      else onPhoto({ blob: file, name });
    },
    [onPhoto, onWeights, onLabels],
  );
  const takeMany = useCallback(
    (files: File[]) => {
      const photos = files.filter(isPhoto);
      if (photos.length > 1) onMany(photos);
      else if (photos[0]) onPhoto({ blob: photos[0], name: photos[0].name });
      else onFault(text.noPhotos);
    },
    [onMany, onPhoto, onFault],
  );
  const dragging = useDropAndPaste(takeFile, takeMany, onFault);

  const cameraButton = useRef<HTMLButtonElement>(null);
  const before = useRef(camera);
  useEffect(() => {
    const isOff = before.current && !camera;
    before.current = camera;
    // The camera's controls are gone: whoever was on one by keyboard goes on from here.
    if (isOff && document.activeElement === document.body) cameraButton.current?.focus();
  }, [camera]);

  return (
    <section class={`card source ${dragging ? "is-target" : ""}`} aria-labelledby="source-heading">
      <h2 id="source-heading" class="visually-hidden">
        {text.heading}
      </h2>
      {camera ? (
        <Camera over={over} onVideo={onVideo} onPhoto={onPhoto} onFault={onCameraFault} />
      ) : (
        <div class="stage">
          {photo && <img class="photo" src={photo.url} alt={text.photoAlt(plain(photo.name))} />}
          {photo && !dragging && over}
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
          primary={!camera}
          many="files"
          onFile={(file, all) => {
            if (all.length > 1) takeMany(all);
            else onPhoto({ blob: file, name: file.name });
          }}
        />
        <FileButton
          label={text.folder}
          accept="image/*"
          many="folder"
          onFile={(_, all) => takeMany(all)}
        />
        <button ref={cameraButton} type="button" onClick={() => onCamera(!camera)}>
          {camera ? strings.camera.stop : text.camera}
        </button>
        <Samples onPhoto={onPhoto} onFault={onFault} />
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
  onMany: (files: File[]) => void,
  onFault: (message: string) => void,
): boolean {
  const [dragging, setDragging] = useState(false);

  const take = useCallback(
    async (data: DataTransfer | null, unnamed: string) => {
      const files = await filesOf(data);
      const [file] = files;
      if (file && files.length > 1) onMany(files);
      else if (file) onFile(file, file.name || unnamed);
      else onFault(text.noFile);
    },
    [onFile, onMany, onFault],
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
      void take(event.dataTransfer, text.pasted);
    };
    const paste = (event: ClipboardEvent) => void take(event.clipboardData, text.pasted);
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
