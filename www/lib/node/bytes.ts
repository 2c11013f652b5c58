/** A file that is in memory. */
export type InMemory = Uint8Array | ArrayBuffer | Blob;

/** Its bytes, as a copy. */
export async function bytesOf(file: InMemory): Promise<Uint8Array<ArrayBuffer>> {
  if (file instanceof Blob) return new Uint8Array(await file.arrayBuffer());
  return Uint8Array.from(file instanceof ArrayBuffer ? new Uint8Array(file) : file);
}

/** Whether this is one. */
export function isInMemory(file: unknown): file is InMemory {
  return file instanceof Uint8Array || file instanceof ArrayBuffer || file instanceof Blob;
}
