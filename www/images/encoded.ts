/**
 * What an image file's bytes say without being decoded: how large the image is, how it is turned, and whether all of it is
 * there.
 *
 * Sources: ITU T.81 (JPEG), the PNG specification, CompuServe's GIF89a, Microsoft's BITMAPINFOHEADER, the WebP container
 * specification, ISO/IEC 14496-12 (AVIF and HEIC), CIPA DC-008 (Exif).
 */

import type { Size } from "./size";

/** The name of a format whose images can be turned. */
export type ImageFormat = "jpeg" | "png" | "webp";

/** An image format. */
interface Format {
  name?: ImageFormat;
  /** Where its files are known by these characters. */
  at: number;
  starts: string;
  /** The image's size, as the file's head says. Left out where the format itself allows no more than 2^28 pixels. */
  size?: (head: Uint8Array) => Size | undefined;
  /** How most of its files end, which then are whole: that spares reading them. */
  ends?: string;
  /** Whether the file goes on to its image's end. Left out where the format does not mark that. */
  isWhole?: (file: Uint8Array) => boolean;
  /** The file's Exif data, from its byte order on. Left out where browsers turn no image of the format. */
  exif?: (file: Uint8Array) => Uint8Array | undefined;
}

const FORMATS: Format[] = [
  {
    name: "jpeg",
    at: 0,
    starts: "\xff\xd8\xff",
    size: jpegSize,
    ends: "\xff\xd9",
    isWhole: isWholeJpeg,
    exif: jpegExif,
  },
  {
    name: "png",
    at: 0,
    starts: "\x89PNG\r\n\x1a\n",
    size: pngSize,
    ends: "IEND\xae\x42\x60\x82",
    isWhole: isWholePng,
    exif: pngExif,
  },
  { at: 0, starts: "GIF8", size: gifSize, ends: "\x00;", isWhole: isWholeGif },
  { at: 0, starts: "BM", size: bmpSize },
  { name: "webp", at: 8, starts: "WEBP", isWhole: isWholeRiff, exif: riffExif },
  { at: 0, starts: "RIFF", isWhole: isWholeRiff },
  { at: 4, starts: "ftyp", isWhole: hasWholeBoxes },
];

/** The size that a file states for its image, from its first bytes; undefined where it has to be decoded for that. */
export function statedSize(head: Uint8Array): Size | undefined {
  return formatOf(head)?.size?.(head);
}

/** The format of a file with these first bytes, where it is one of those whose images can be turned. */
export function imageFormat(head: Uint8Array): ImageFormat | undefined {
  return formatOf(head)?.name;
}

/**
 * How the image has to be turned to be upright, by Exif's numbers: 1 as it is, 3 by half a turn, 6 and 8 by a quarter
 * clockwise and counter-clockwise; 2, 4, 5 and 7 are mirrored. 1 where the file says nothing that makes sense.
 */
export function orientation(file: Uint8Array): number {
  const exif = formatOf(file)?.exif?.(file);
  return exif ? exifOrientation(exif) : 1;
}

/** Whether a file ends before its image does, as a download does that broke off. */
export async function isCutShort(file: Blob): Promise<boolean> {
  const { ends, isWhole } = formatOf(await bytesOf(file.slice(0, 12))) ?? {};
  if (!isWhole) return false;
  if (ends && text(await bytesOf(file.slice(-ends.length)), 0, ends.length) === ends) return false;
  return !isWhole(await bytesOf(file));
}

async function bytesOf(file: Blob): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

function formatOf(head: Uint8Array): Format | undefined {
  return FORMATS.find(({ at, starts }) => text(head, at, starts.length) === starts);
}

const text = (bytes: Uint8Array, at: number, length: number) =>
  String.fromCharCode(...bytes.subarray(at, at + length));
/** Numbers of several bytes; bytes beyond the end count as 0. */
const byte = (bytes: Uint8Array, at: number) => bytes[at] ?? 0;
const big16 = (bytes: Uint8Array, at: number) => 256 * byte(bytes, at) + byte(bytes, at + 1);
const big32 = (bytes: Uint8Array, at: number) => 65536 * big16(bytes, at) + big16(bytes, at + 2);
const little16 = (bytes: Uint8Array, at: number) => byte(bytes, at) + 256 * byte(bytes, at + 1);
const little32 = (bytes: Uint8Array, at: number) =>
  little16(bytes, at) + 65536 * little16(bytes, at + 2);

const END_OF_IMAGE = 0xd9;

/** A JPEG's markers in their order, up to the end of the image if that is there. */
function* jpegMarkers(bytes: Uint8Array): Generator<{ code: number; at: number }> {
  let at = 2;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) return;
    const code = byte(bytes, at + 1);
    const isFill = code === 0xff;
    // Within a scan: an escaped 0xff, or a restart.
    const isData = code <= 1 || (code >= 0xd0 && code <= 0xd7);
    if (isFill || isData) {
      at += isFill ? 1 : 2;
      continue;
    }
    yield { code, at };
    if (code === END_OF_IMAGE) return;
    // Segments say how long they are, so a thumbnail within one is passed over. Scans do not.
    at += 2 + big16(bytes, at + 2);
  }
}

function jpegSize(head: Uint8Array): Size | undefined {
  for (const { code, at } of jpegMarkers(head)) {
    // Start of frame, of any process; C4, C8 and CC are tables.
    if (code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc) {
      return { height: big16(head, at + 5), width: big16(head, at + 7) };
    }
  }
  return undefined;
}

function isWholeJpeg(file: Uint8Array): boolean {
  for (const { code } of jpegMarkers(file)) if (code === END_OF_IMAGE) return true;
  return false;
}

function jpegExif(file: Uint8Array): Uint8Array | undefined {
  for (const { code, at } of jpegMarkers(file)) {
    // After the first scan begins there is none.
    if (code === 0xda) return undefined;
    if (code === 0xe1 && text(file, at + 4, 6) === "Exif\0\0") {
      return file.subarray(at + 10, at + 2 + big16(file, at + 2));
    }
  }
  return undefined;
}

function pngSize(head: Uint8Array): Size {
  return { width: big32(head, 16), height: big32(head, 20) };
}

function isWholePng(file: Uint8Array): boolean {
  // Chunks: length, type, as many bytes, a checksum.
  for (let at = 8; at + 12 <= file.length; at += 12 + big32(file, at)) {
    if (text(file, at + 4, 4) === "IEND") return true;
  }
  return false;
}

function pngExif(file: Uint8Array): Uint8Array | undefined {
  for (let at = 8; at + 12 <= file.length; at += 12 + big32(file, at)) {
    if (text(file, at + 4, 4) === "eXIf") return file.subarray(at + 8, at + 8 + big32(file, at));
  }
  return undefined;
}

function gifSize(head: Uint8Array): Size {
  return { width: little16(head, 6), height: little16(head, 8) };
}

/** Whether a GIF's first image is there; of a film no more is looked at. */
function isWholeGif(file: Uint8Array): boolean {
  const table = (flags: number) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  // Blocks of data: a length of up to 255, as many bytes, until a length of 0.
  const afterBlocks = (at: number) => {
    let next = at;
    while (byte(file, next) > 0) next += 1 + byte(file, next);
    return next + 1;
  };
  let at = 13 + table(byte(file, 10));
  while (at < file.length) {
    const kind = byte(file, at);
    if (kind === 0x2c) {
      const end = afterBlocks(at + 10 + table(byte(file, at + 9)) + 1);
      return end <= file.length;
    }
    if (kind !== 0x21) return false;
    at = afterBlocks(at + 2);
  }
  return false;
}

function bmpSize(head: Uint8Array): Size {
  if (little32(head, 14) === 12) return { width: little16(head, 18), height: little16(head, 20) };
  // A negative height means that rows go from top to bottom.
  const signed = (at: number) => Math.abs(little32(head, at) | 0);
  return { width: signed(18), height: signed(22) };
}

/** WebP. Some programs forget the last byte, which fills up an odd length. */
function isWholeRiff(file: Uint8Array): boolean {
  return file.length + 1 >= 8 + little32(file, 4);
}

function riffExif(file: Uint8Array): Uint8Array | undefined {
  // Chunks: type, length, as many bytes, filled up to an even number.
  for (let at = 12; at + 8 <= file.length; ) {
    const length = little32(file, at + 4);
    if (text(file, at, 4) === "EXIF") return file.subarray(at + 8, at + 8 + length);
    at += 8 + length + (length % 2);
  }
  return undefined;
}

/** The orientation in Exif data: entry 0x0112 of its first directory, a number of 16 bits. */
function exifOrientation(exif: Uint8Array): number {
  const isLittle = text(exif, 0, 2) === "II";
  if (!isLittle && text(exif, 0, 2) !== "MM") return 1;
  const [short, long] = isLittle ? [little16, little32] : [big16, big32];
  const directory = long(exif, 4);
  for (let entry = 0; entry < short(exif, directory); entry += 1) {
    const at = directory + 2 + 12 * entry;
    if (at >= exif.length) return 1;
    if (short(exif, at) !== 0x0112) continue;
    const turn = short(exif, at + 8);
    return turn >= 1 && turn <= 8 ? turn : 1;
  }
  return 1;
}

/** AVIF and HEIC: the outermost boxes follow each other to the end. */
function hasWholeBoxes(file: Uint8Array): boolean {
  let at = 0;
  while (at < file.length) {
    const stated = big32(file, at);
    const header = stated === 1 ? 16 : 8;
    if (at + header > file.length) return false;
    // 0: up to the end. 1: the length follows in 64 bits.
    if (stated === 0) return true;
    const length = stated === 1 ? 2 ** 32 * big32(file, at + 8) + big32(file, at + 12) : stated;
    if (length < header) return true;
    at += length;
  }
  return at === file.length;
}
