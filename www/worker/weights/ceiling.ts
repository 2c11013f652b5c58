import { ResNetError } from "../../protocol/errors";

const GIBIBYTE = 2 ** 30;

/**
 * Bytes of a weight file at most: as many as the memory has, at most, that the network must fit into. Memory that threads
 * share (tools/lib/wasm-module.mjs) has half of what WebAssembly's addresses reach.
 */
export function mostBytes(): number {
  return globalThis.crossOriginIsolated ? 2 * GIBIBYTE : 4 * GIBIBYTE;
}

/** Says that a file is longer than the ceiling. `bytes` is its length, or null if unknown. */
export function tooLarge(url: string, bytes: number | null, most: number): ResNetError {
  const has = bytes === null ? "goes on after" : `has ${bytes} bytes, which is more than`;
  return new ResNetError(
    "too-large",
    `${url} ${has} ${most} bytes (${(most / GIBIBYTE).toPrecision(2)} GiB), the most that the network's memory can have here. Choose a smaller file.`,
  );
}
