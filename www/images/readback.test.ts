import { afterEach, describe, expect, it, vi } from "vitest";
import { canvasReadsBack, honestReadBack } from "./readback";

/** What a browser makes of a byte that a page reads. */
type Protection = (byte: number, place: number) => number;

/** A canvas that can be filled and read, under a protection. */
function canvasClass(protect: Protection) {
  return class {
    readonly data: Uint8ClampedArray;
    fillStyle = "";
    constructor(
      readonly width: number,
      readonly height: number,
    ) {
      this.data = new Uint8ClampedArray(4 * width * height);
    }
    getContext() {
      return this;
    }
    fillRect(left: number, top: number, width: number, height: number) {
      const colour = [...(this.fillStyle.match(/\d+/g) ?? []).map(Number), 255];
      for (let y = top; y < top + height; y += 1) {
        for (let x = left; x < left + width; x += 1) {
          this.data.set(colour, 4 * (y * this.width + x));
        }
      }
    }
    getImageData() {
      return { data: this.data.map(protect) };
    }
  };
}

/** A video frame of such a canvas, which this protection lets through. */
function frameClass(protect: Protection) {
  return class {
    constructor(readonly canvas: { data: Uint8ClampedArray }) {}
    async copyTo(into: Uint8ClampedArray) {
      into.set(this.canvas.data.map(protect));
    }
    close() {}
  };
}

const honest: Protection = (byte) => byte;
const noise: Protection = () => Math.floor(256 * Math.random());
const white: Protection = () => 255;
const nothing: Protection = () => 0;
const lastBit: Protection = (byte, place) => byte ^ (place & 1);
const aFewLevels: Protection = (byte, place) => byte + ([-5, 3, 7][place % 4] ?? 0);
const swapped: Protection = (byte, place) => (place % 4 === 0 ? 255 - byte : byte);
const refuses: Protection = () => {
  throw new DOMException("no", "SecurityError");
};

afterEach(() => vi.unstubAllGlobals());

describe("how pixels are read", () => {
  it.each([
    { canvas: "honest", by: honest, way: "canvas" },
    { canvas: "off in the last bit", by: lastBit, way: "canvas" },
    { canvas: "off by a few levels", by: aFewLevels, way: "canvas" },
    { canvas: "noise", by: noise, frame: honest, way: "frame" },
    { canvas: "white", by: white, frame: honest, way: "frame" },
    { canvas: "blank", by: nothing, frame: honest, way: "frame" },
    { canvas: "refused", by: refuses, frame: honest, way: "frame" },
    { canvas: "noise, and so are video frames", by: noise, frame: noise, way: undefined },
    { canvas: "noise, video frames in other colours", by: noise, frame: swapped, way: undefined },
    { canvas: "noise, and there are no video frames", by: noise, way: undefined },
    { canvas: "white, and there are no video frames", by: white, way: undefined },
  ])("a canvas that is $canvas: by $way", async ({ by, frame, way }) => {
    const Canvas = canvasClass(by);
    vi.stubGlobal("OffscreenCanvas", Canvas);
    if (frame) vi.stubGlobal("VideoFrame", frameClass(frame));
    const read = await honestReadBack();
    expect(read !== undefined).toBe(way !== undefined);
    expect(await canvasReadsBack()).toBe(way === "canvas");
    if (!read) return;
    const canvas = new Canvas(1, 1);
    canvas.data.set([200, 100, 50, 255]);
    const part = { x: 0, y: 0, width: 1, height: 1 };
    const pixel = [...(await read(canvas as unknown as OffscreenCanvas, part))];
    expect(pixel).toEqual(way === "frame" ? [200, 100, 50, 255] : [...canvas.data].map(by));
  });

  it("a frame's colours are divided by their alpha again", async () => {
    const Canvas = canvasClass(noise);
    vi.stubGlobal("OffscreenCanvas", Canvas);
    vi.stubGlobal("VideoFrame", frameClass(honest));
    const canvas = new Canvas(1, 1);
    canvas.data.set([100, 50, 25, 128]);
    const read = await honestReadBack();
    const part = { x: 0, y: 0, width: 1, height: 1 };
    const pixel = await read?.(canvas as unknown as OffscreenCanvas, part);
    expect([...(pixel ?? [])]).toEqual([199, 100, 50, 128]);
  });

  it("is asked anew, as a person may allow it meanwhile", async () => {
    vi.stubGlobal("OffscreenCanvas", canvasClass(noise));
    expect(await honestReadBack()).toBeUndefined();
    vi.stubGlobal("OffscreenCanvas", canvasClass(honest));
    expect(await honestReadBack()).toBeDefined();
  });
});
