import type { ComponentChildren } from "preact";
import { useCallback, useRef, useState } from "preact/hooks";
import { canvasReadsBack } from "resnet-web";
import type { Photo } from "../store/photo";
import { strings } from "../strings";
import { isMirrored, otherSide } from "./choice";
import { useStream } from "./useStream";
import "./camera.css";

const text = strings.camera;

interface CameraProps {
  /** What lies over the video. */
  over: ComponentChildren;
  /** Called with the video element while it shows the camera, and with null otherwise. */
  onVideo: (video: HTMLVideoElement | null) => void;
  onPhoto: (photo: Photo) => void;
  onFault: (message: string) => void;
}

/** The camera's video, which camera it is, and a button that keeps a frame. */
export function Camera({ over, onVideo, onPhoto, onFault }: CameraProps) {
  const video = useRef<HTMLVideoElement>(null);
  const { status, settings, cameras, note, choose } = useStream(video, { onVideo, onFault });
  /** Whether the video is higher than wide, as of a phone that is held upright. */
  const [upright, setUpright] = useState(false);
  const side = otherSide(settings?.facingMode, cameras.length);

  const take = useCallback(async () => {
    const source = video.current;
    if (!source) return;
    // Else the photo would be noise.
    if (!(await canvasReadsBack())) return onFault(strings.notice.errors["image-withheld"]);
    const canvas = document.createElement("canvas");
    canvas.width = source.videoWidth;
    canvas.height = source.videoHeight;
    canvas.getContext("2d")?.drawImage(source, 0, 0);
    canvas.toBlob((blob) => {
      if (blob) onPhoto({ blob, name: strings.source.frame });
    });
  }, [onPhoto, onFault]);

  return (
    <>
      <div class="stage">
        {/* iOS shows a camera's video only muted and in line. */}
        <video
          ref={video}
          class={`${isMirrored(settings?.facingMode) ? "is-mirrored" : ""} ${upright ? "is-upright" : ""}`}
          muted
          playsInline
          aria-label={text.heading}
          onResize={({ currentTarget: { videoWidth, videoHeight } }) =>
            setUpright(videoHeight > videoWidth)
          }
        />
        {over}
        <p class="prompt" role="status">
          {status !== "running" && text.status[status]}
        </p>
      </div>
      <p class="fine camera-note" role="status">
        {note}
      </p>
      <div class="actions">
        <button type="button" class="primary" disabled={status !== "running"} onClick={take}>
          {text.take}
        </button>
        {side && (
          <button type="button" onClick={() => choose({ side })}>
            {text.switchTo[side]}
          </button>
        )}
        {cameras.length > 1 && (
          <label class="camera-choice">
            {text.choose}
            <select
              value={settings?.deviceId}
              onChange={(event) => choose({ deviceId: event.currentTarget.value })}
            >
              {cameras.map(({ deviceId, label }, i) => (
                <option key={deviceId} value={deviceId} selected={deviceId === settings?.deviceId}>
                  {label || text.unnamed(i + 1)}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
    </>
  );
}
