import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Camera } from "../camera/Camera";
import { FileButton } from "../FileButton";
import { plain } from "../file-text";
import { filesOf } from "../gallery/dropped";
import type { TakeFiles } from "../store/files";
import type { ClassificationState, Photo } from "../store/photo";
import { strings } from "../strings";
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
  onFiles: TakeFiles;
  onFault: (message: string) => void;
}

/** Where photos come from: a file, a drop, the clipboard, the camera, the samples. */
export function Source(props: SourceProps) {
  const { photo, over, camera, onCamera, onVideo, onCameraFault } = props;
  const { onPhoto, onFiles, onFault } = props;
  const dragging = useDropAndPaste(onFiles, onFault);

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
          onFiles={onFiles}
        />
        <FileButton label={text.folder} accept="image/*" many="folder" onFiles={onFiles} />
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
function useDropAndPaste(onFiles: TakeFiles, onFault: (message: string) => void): boolean {
  const [dragging, setDragging] = useState(false);

  const take = useCallback(
    async (data: DataTransfer | null) => {
      const { files, unread } = await filesOf(data);
      if (files.length + unread.length > 0) void onFiles(files, unread);
      else onFault(text.noFile);
    },
    [onFiles, onFault],
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
      void take(event.dataTransfer);
    };
    const paste = (event: ClipboardEvent) => void take(event.clipboardData);
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
