import { beforeEach, describe, expect, it, vi } from "vitest";
import { LONGEST_SIDE } from "../../images/size";
import type { ResNetError } from "../../protocol/errors";
import { readPixels } from "./read";

/** The canvases of a browser: what they make of a byte that is read, and how large they may be. */
const browser = { noisy: false, longest: LONGEST_SIDE, drawn: [] as [number, number][] };

/** An image whose pixels say where they are. */
class Bitmap {
  constructor(
    readonly width: number,
    readonly height: number,
  ) {}
  close() {}
}

const pixelAt = (x: number, y: number) => [x & 255, (x >> 8) & 255, y & 255, (y >> 8) & 255];

/** Draws only what `fillRect` and `drawImage` are called with here. */
class Canvas {
  readonly data: Uint8ClampedArray;
  fillStyle = "rgb(0, 0, 0)";
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    browser.drawn.push([width, height]);
    this.data = new Uint8ClampedArray(4 * width * height);
  }
  getContext() {
    return this;
  }
  #each(
    left: number,
    top: number,
    width: number,
    height: number,
    pixel: (x: number, y: number) => number[],
  ) {
    if (Math.max(this.width, this.height) > browser.longest) return;
    for (let y = Math.max(0, top); y < Math.min(this.height, top + height); y += 1) {
      for (let x = Math.max(0, left); x < Math.min(this.width, left + width); x += 1) {
        this.data.set(pixel(x, y), 4 * (y * this.width + x));
      }
    }
  }
  fillRect(left: number, top: number, width: number, height: number) {
    const colour = (this.fillStyle.match(/\d+/g) ?? []).map(Number).slice(0, 3);
    this.#each(left, top, width, height, () => [...colour, 255]);
  }
  clearRect(left: number, top: number, width: number, height: number) {
    this.#each(left, top, width, height, () => [0, 0, 0, 0]);
  }
  drawImage(_: Bitmap, left: number, top: number, width: number, height: number) {
    this.#each(left, top, width, height, (x, y) => pixelAt(x - left, y - top));
  }
  getImageData(left: number, top: number, width: number, height: number) {
    const data = new Uint8ClampedArray(4 * width * height);
    for (let y = 0; y < height; y += 1) {
      const from = 4 * ((top + y) * this.width + left);
      data.set(this.data.subarray(from, from + 4 * width), 4 * y * width);
    }
    return { data: browser.noisy ? data.map(() => 256 * Math.random()) : data };
  }
}

beforeEach(() => {
  vi.stubGlobal("ImageBitmap", Bitmap);
  vi.stubGlobal("OffscreenCanvas", Canvas);
  Object.assign(browser, { noisy: false, longest: LONGEST_SIDE, drawn: [] });
});

const read = (width: number, height: number) =>
  readPixels(new Bitmap(width, height) as unknown as ImageBitmap, "a.png");

describe("every pixel is where it belongs", () => {
  it.each([
    ["of a photo", 451, 300],
    ["of one pixel", 1, 1],
    ["of a line down", 1, 70000],
    ["of a line across", 70000, 1],
    ["of a strip", 40000, 3],
  ])("%s", async (_, width, height) => {
    const pixels = await read(width, height);
    expect([pixels.width, pixels.height, pixels.data.length]).toEqual([
      width,
      height,
      4 * width * height,
    ]);
    const wrong: number[][] = [];
    for (let i = 0; i < width * height; i += 1) {
      const at = pixelAt(i % width, Math.floor(i / width));
      if (at.some((byte, c) => pixels.data[4 * i + c] !== byte)) wrong.push([i]);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });
});

it("an ordinary photo is drawn once", async () => {
  await read(400, 300);
  expect(browser.drawn.filter(([width]) => width > 8)).toEqual([[400, 300]]);
});

describe("what cannot be read is an error, never a blank image", () => {
  const png = (width: number, height: number) => {
    const head = new DataView(new ArrayBuffer(24));
    for (const [i, word] of [0x89504e47, 0x0d0a1a0a, 13, 0x49484452, width, height].entries()) {
      head.setUint32(4 * i, word);
    }
    return new Blob([head.buffer]);
  };
  it.each([
    { what: "noise", change: { noisy: true }, image: new Bitmap(9, 9), code: "image-withheld" },
    {
      what: "a canvas that stays blank",
      change: { longest: 20 },
      image: new Bitmap(30, 9),
      code: "image-size",
    },
    {
      what: "a line of 80 million pixels",
      change: {},
      image: new Bitmap(8e7, 1),
      code: "image-size",
    },
    {
      what: "a line that this browser does not decode",
      change: {},
      image: png(70000, 1),
      code: "image-size",
      tried: true,
    },
    {
      what: "a file of 900 million pixels, which is not even decoded",
      change: {},
      image: png(30000, 30000),
      code: "image-size",
    },
    {
      what: "a file that is no image",
      change: {},
      image: new Blob(["text"]),
      code: "image-decode",
      tried: true,
    },
    { what: "an empty file", change: {}, image: new Blob([]), code: "image-decode" },
  ])("$what: $code", async ({ change, image, code, tried = false }) => {
    Object.assign(browser, change);
    let isTried = false;
    vi.stubGlobal("createImageBitmap", async () => {
      isTried = true;
      throw new DOMException("", "InvalidStateError");
    });
    const thrown = await readPixels(image as unknown as ImageBitmap, "a.png").catch(
      (error: ResNetError) => error,
    );
    expect((thrown as ResNetError).code).toBe(code);
    expect(isTried).toBe(tried);
  });
});
