import { useEffect, useRef, useState } from "preact/hooks";
import type { Preprocessing } from "resnet-web";
import { readableLabel } from "../format";
import type { Activation } from "../store/evidence";
import { strings } from "../strings";
import { heatPixels, seenRegion } from "./heat";
import "./activation.css";

const text = strings.activation;
/** The longer side of the image that is drawn, in pixels: it is smooth, so more shows no more. */
const LONGEST = 640;

interface HeatProps extends Activation {
  preprocessing: Preprocessing;
  onClose: () => void;
}

/** A class activation map over the image, and how opaque it is. */
export function Heat({ label, evidence, width, height, preprocessing, onClose }: HeatProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [opacity, setOpacity] = useState(75);
  const scale = LONGEST / Math.max(width, height);

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const small = new OffscreenCanvas(evidence.width, evidence.height);
    const pixels = new ImageData(heatPixels(evidence.values), evidence.width, evidence.height);
    small.getContext("2d")?.putImageData(pixels, 0, 0);
    const seen = seenRegion({ width, height }, preprocessing);
    context.clearRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    const region = [seen.x, seen.y, seen.width, seen.height].map((length) => length * scale);
    context.drawImage(small, ...(region as [number, number, number, number]));
    // What is outside, the network does not see.
    context.strokeStyle = "white";
    context.setLineDash([6, 4]);
    context.strokeRect(...(region as [number, number, number, number]));
  }, [evidence, preprocessing, width, height, scale]);

  return (
    <>
      <canvas
        ref={canvas}
        class="heat"
        role="img"
        aria-label={text.alt(readableLabel(label))}
        width={Math.round(width * scale)}
        height={Math.round(height * scale)}
        style={{ opacity: opacity / 100 }}
      />
      <div class="heat-controls">
        <label>
          {text.opacity}
          <input
            type="range"
            min={0}
            max={100}
            value={opacity}
            onInput={(event) => setOpacity(Number(event.currentTarget.value))}
          />
        </label>
        <button type="button" onClick={onClose}>
          {text.off}
        </button>
      </div>
    </>
  );
}
