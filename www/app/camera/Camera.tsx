import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Photo } from "../results/useClassification";
import { strings } from "../strings";
import { cameraFault } from "./fault";

const text = strings.camera;

interface CameraProps {
  onPhoto: (photo: Photo) => void;
  onFault: (message: string) => void;
  onStop: () => void;
}

/** The camera's picture, until a frame is taken and handed on. */
export function Camera({ onPhoto, onFault, onStop }: CameraProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [running, setRunning] = useState(false);
  // The stream is asked for once, whatever becomes of the callbacks meanwhile.
  const callbacks = useRef({ onFault, onStop });
  callbacks.current = { onFault, onStop };

  useEffect(() => {
    let stream: MediaStream | undefined;
    let gone = false;
    const stop = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    const start = async () => {
      try {
        if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
        stream = await navigator.mediaDevices.getUserMedia({
          video: { facingMode: "environment", width: { ideal: 1280 } },
        });
        if (gone || !video.current) return stop();
        video.current.srcObject = stream;
        await video.current.play();
        setRunning(true);
      } catch (thrown) {
        stop();
        if (gone) return;
        callbacks.current.onFault(cameraFault(thrown));
        callbacks.current.onStop();
      }
    };
    void start();
    return () => {
      gone = true;
      stop();
    };
  }, []);

  const take = useCallback(() => {
    const source = video.current;
    if (!source) return;
    const canvas = document.createElement("canvas");
    canvas.width = source.videoWidth;
    canvas.height = source.videoHeight;
    canvas.getContext("2d")?.drawImage(source, 0, 0);
    canvas.toBlob((blob) => {
      if (blob) onPhoto({ blob, name: strings.source.frame });
    });
  }, [onPhoto]);

  return (
    <>
      <div class="stage">
        {/* iOS shows a camera's picture only muted and in line. */}
        <video ref={video} muted playsInline aria-label={text.heading} />
        {!running && <p class="prompt">{text.starting}</p>}
      </div>
      <div class="actions">
        <button type="button" class="primary" disabled={!running} onClick={take}>
          {text.take}
        </button>
        <button type="button" onClick={onStop}>
          {text.stop}
        </button>
      </div>
    </>
  );
}
