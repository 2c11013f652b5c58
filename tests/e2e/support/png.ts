import { crc32, deflateSync } from "node:zlib";

/** What a PNG is made of. */
interface Image {
  width: number;
  height: number;
  /** Bits of each channel: 1 is black and white, 8 is red, green and blue. */
  depth: 1 | 8;
  /** Rows one after the other, each beginning with a byte 0: no filter. */
  rows: Buffer;
}

/** Encodes an image as PNG, of any size, which no canvas would. */
export function encodePng({ width, height, depth, rows }: Image): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([depth, depth === 8 ? 2 : 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A black image, of a few kilobytes whatever its size. */
export function blackPng(width: number, height: number): Buffer {
  const rows = Buffer.alloc((1 + Math.ceil(width / 8)) * height);
  return encodePng({ width, height, depth: 1, rows });
}

/** A white image of this size, with `inset` in its middle: rows of red, green and blue. */
export function framedPng(
  width: number,
  height: number,
  inset: { width: number; height: number; rgb: Buffer },
): Buffer {
  const stride = 1 + 3 * width;
  const rows = Buffer.alloc(stride * height, 255);
  const left = (width - inset.width) >> 1;
  const top = (height - inset.height) >> 1;
  for (let y = 0; y < height; y += 1) rows[y * stride] = 0;
  for (let y = 0; y < inset.height; y += 1) {
    const row = inset.rgb.subarray(3 * inset.width * y, 3 * inset.width * (y + 1));
    rows.set(row, (top + y) * stride + 1 + 3 * left);
  }
  return encodePng({ width, height, depth: 8, rows });
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
