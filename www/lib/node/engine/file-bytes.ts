import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Where a weight file's bytes are: in a file, or in memory. */
export type ByteLocation = { path: string } | { bytes: Uint8Array };

/** A file's bytes, with as much of `Blob`'s surface as the wasm module uses. They are read by ranges, and stay on disk. */
export class FileBytes {
  readonly size: number;
  readonly #read: (start: number, to: Uint8Array) => void;

  constructor(size: number, read: (start: number, to: Uint8Array) => void) {
    this.size = size;
    this.#read = read;
  }

  /** The bytes from `start` up to `end`. */
  slice(start: number, end: number): FileBytes {
    return new FileBytes(end - start, (from, to) => this.#read(start + from, to));
  }

  /** All of them, in memory. */
  toArrayBuffer(): ArrayBuffer {
    const bytes = new Uint8Array(this.size);
    this.#read(0, bytes);
    return bytes.buffer;
  }
}

/** As much of a browser's `FileReaderSync` as the wasm module uses. */
export class ReaderSync {
  readAsArrayBuffer(bytes: FileBytes): ArrayBuffer {
    return bytes.toArrayBuffer();
  }
}

/** Opens the bytes of files while `work` reads them. */
export async function withBytes<T>(
  locations: readonly ByteLocation[],
  work: (files: FileBytes[]) => Promise<T>,
): Promise<T> {
  const opened: number[] = [];
  const bytesAt = (location: ByteLocation): FileBytes => {
    if ("bytes" in location) {
      const { bytes } = location;
      const read = (start: number, to: Uint8Array) =>
        to.set(bytes.subarray(start, start + to.length));
      return new FileBytes(bytes.length, read);
    }
    const file = openSync(location.path, "r");
    opened.push(file);
    return new FileBytes(fstatSync(file).size, (start, to) => fill(file, start, to));
  };
  try {
    return await work(locations.map(bytesAt));
  } finally {
    for (const file of opened) closeSync(file);
  }
}

/** Reads as many bytes as `to` has room for. */
function fill(file: number, start: number, to: Uint8Array): void {
  for (let filled = 0; filled < to.length; ) {
    const read = readSync(file, to, filled, to.length - filled, start + filled);
    if (read === 0) throw new Error("the file has become shorter");
    filled += read;
  }
}
