import type { Global } from "./global";

/** A canvas of a page or of a worker. */
type AnyCanvas = OffscreenCanvas | Global<"HTMLCanvasElement">;
/** What it is drawn on by. */
type AnyContext = OffscreenCanvasRenderingContext2D | Global<"CanvasRenderingContext2D">;

/** A part of a canvas, in pixels. */
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Reads a part of a canvas: 8 bits each of red, green, blue and alpha, row by row. */
export type ReadBack = (canvas: AnyCanvas, part: Rectangle) => Promise<Uint8ClampedArray>;

/** The pattern's side, in pixels. */
const SIDE = 8;
/** The colours of its quarters: red, green, blue. */
const QUARTERS = [
  [230, 30, 120],
  [20, 200, 60],
  [40, 60, 220],
  [250, 240, 20],
] as const;
/**
 * What came back is the pattern if its channels are off by no more than this on average. Protections that change a channel
 * by a few levels change no classification; noise is off by some 90, white by some 120.
 */
const MOST_OFF = 12;

/** By the canvas itself. */
const byCanvas: ReadBack = async (canvas, { x, y, width, height }) =>
  contextOf(canvas).getImageData(x, y, width, height).data;

/** By a video frame of it, which some canvas blockers leave alone. */
const byVideoFrame: ReadBack = async (canvas, rect) => {
  const frame = new VideoFrame(canvas, { timestamp: 0 });
  try {
    const layout = [{ offset: 0, stride: 4 * rect.width }];
    const data = new Uint8ClampedArray(4 * rect.width * rect.height);
    await frame.copyTo(data, { format: "RGBA", rect, layout });
    return unpremultiplied(data);
  } finally {
    frame.close();
  }
};

/**
 * A way by which canvases give back what was drawn on them; undefined where the browser gives none, to keep pages from
 * telling machines apart (Firefox's `privacy.resistFingerprinting`, Tor Browser, canvas blockers).
 *
 * It is asked for anew for each image, at the cost of some microseconds: a person may allow it at any time.
 */
export async function honestReadBack(): Promise<ReadBack | undefined> {
  for (const read of [byCanvas, byVideoFrame]) {
    if (await returnsPattern(read)) return read;
  }
  return undefined;
}

/** Whether canvases themselves do. Where they do not, Firefox asks the person, or shows an icon to allow it. */
export function canvasReadsBack(): Promise<boolean> {
  return returnsPattern(byCanvas);
}

/** The context that a canvas is read by. */
export function contextOf(canvas: AnyCanvas): AnyContext {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the browser has no memory for a canvas");
  return context as AnyContext;
}

async function returnsPattern(read: ReadBack): Promise<boolean> {
  try {
    const canvas = newCanvas();
    const context = contextOf(canvas);
    QUARTERS.forEach(([red, green, blue], i) => {
      context.fillStyle = `rgb(${red}, ${green}, ${blue})`;
      const half = SIDE / 2;
      context.fillRect((i % 2) * half, (i >> 1) * half, half, half);
    });
    const data = await read(canvas, { x: 0, y: 0, width: SIDE, height: SIDE });
    const off = data.reduce((sum, value, i) => sum + Math.abs(value - drawn(i)), 0) / data.length;
    return off <= MOST_OFF;
  } catch {
    // No canvas, no video frames, or none that may be read.
    return false;
  }
}

/** Only a canvas of the document makes Firefox ask the person. */
function newCanvas(): AnyCanvas {
  if (typeof document === "undefined") return new OffscreenCanvas(SIDE, SIDE);
  return Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
}

/** The pattern's byte at this place. */
function drawn(place: number): number {
  const [pixel, channel] = [place >> 2, place % 4];
  const right = pixel % SIDE >= SIDE / 2 ? 1 : 0;
  const lower = pixel >= (SIDE * SIDE) / 2 ? 2 : 0;
  return QUARTERS[right + lower]?.[channel] ?? 255;
}

/** A video frame of a canvas has its colours multiplied by alpha. */
function unpremultiplied(data: Uint8ClampedArray): Uint8ClampedArray {
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3] as number;
    if (alpha === 0 || alpha === 255) continue;
    for (let c = i; c < i + 3; c += 1) data[c] = (255 * (data[c] as number)) / alpha;
  }
  return data;
}
