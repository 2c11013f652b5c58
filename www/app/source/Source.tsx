import { useEffect, useRef, useState } from "preact/hooks";
import { Evidence } from "../activation/Evidence";
import { Camera } from "../camera/Camera";
import { FileButton } from "../FileButton";
import { plain } from "../file-text";
import { filesOf } from "../gallery/dropped";
import { offersCamera, offersFolders } from "../offers";
import { useStore } from "../store/context";
import type { Photo } from "../store/photo";
import type { SourceStore } from "../store/source";
import { strings } from "../strings";
import "./source.css";

const text = strings.source;
const SAMPLES = [
  { file: "chelsea.png", label: text.sampleLabels.chelsea },
  { file: "coffee.png", label: text.sampleLabels.coffee },
];

/** Where photos come from: a file, a drop, the clipboard, the camera, the samples. */
export function Source() {
  const store = useStore();
  const { switchCamera, endCamera, show, takeFiles } = store.source;
  const photo = store.photo.photo.value;
  const camera = store.camera.on.value;
  const dragging = useDropAndPaste(store.source);

  const cameraButton = useRef<HTMLButtonElement>(null);
  const before = useRef(camera);
  useEffect(() => {
    const isOff = before.current && !camera;
    before.current = camera;
    // The camera's controls are gone: keyboard focus moves on to here.
    if (isOff && document.activeElement === document.body) cameraButton.current?.focus();
  }, [camera]);

  return (
    <section class={`card source ${dragging ? "is-target" : ""}`} aria-labelledby="source-heading">
      <h2 id="source-heading" class="visually-hidden">
        {text.heading}
      </h2>
      {camera ? (
        <Camera
          over={<Evidence />}
          onVideo={(video) => {
            store.camera.video.value = video;
          }}
          onPhoto={show}
          onFault={endCamera}
        />
      ) : (
        <div class="stage">
          {photo && <img class="photo" src={photo.url} alt={text.photoAlt(plain(photo.name))} />}
          {photo && !dragging && <Evidence />}
          {(!photo || dragging) && (
            <div class="prompt">
              <p class="prompt-title">{dragging ? text.release : text.prompt}</p>
              {!dragging && <p>{text.promptMore(offersCamera())}</p>}
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
          onFiles={takeFiles}
        />
        {offersFolders() && (
          <FileButton label={text.folder} accept="image/*" many="folder" onFiles={takeFiles} />
        )}
        {offersCamera() && (
          <button ref={cameraButton} type="button" onClick={() => switchCamera(!camera)}>
            {camera ? strings.camera.stop : text.camera}
          </button>
        )}
        <Samples {...store.source} />
      </div>
    </section>
  );
}

function Samples({ showWhenHere }: Pick<SourceStore, "showWhenHere">) {
  return (
    <fieldset class="samples">
      <legend>{text.samples}</legend>
      {SAMPLES.map(({ file, label }) => (
        <button key={file} type="button" class="sample" onClick={() => showWhenHere(sample(file))}>
          <img src={`./photos/${file}`} alt={label} loading="lazy" />
        </button>
      ))}
    </fieldset>
  );
}

/** Fetches a sample. */
async function sample(file: string): Promise<Photo> {
  try {
    const response = await fetch(`./photos/${file}`);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return { blob: await response.blob(), name: file };
  } catch (thrown) {
    throw new Error(`${file}: ${(thrown as Error).message}`);
  }
}

/** Takes files that are dropped on the page or pasted into it. Returns whether one is held over it. */
function useDropAndPaste({ takeFiles, fail }: Pick<SourceStore, "takeFiles" | "fail">): boolean {
  const [dragging, setDragging] = useState(false);

  useEffect(() => {
    const take = async (data: DataTransfer | null) => {
      const { files, unread } = await filesOf(data);
      if (files.length + unread.length > 0) void takeFiles(files, unread);
      else fail(text.noFile);
    };
    const over = (event: DragEvent) => {
      event.preventDefault();
      setDragging(true);
    };
    const leave = (event: DragEvent) => {
      // Elements of the page fire it, too; only leaving the window counts.
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
  }, [takeFiles, fail]);
  return dragging;
}
