/** A file's bytes on their way, from wherever. */
export type Pieces = AsyncIterable<Uint8Array<ArrayBuffer>>;
