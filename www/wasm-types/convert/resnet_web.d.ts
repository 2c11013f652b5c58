/* tslint:disable */
/* eslint-disable */

/**
 * A converted weight file.
 */
export class ConvertedFile {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * The file's bytes, in safetensors.
     */
    bytes(): Uint8Array;
    /**
     * JSON: `architecture`, `classes`, `labels` (how many there are), `assumed`, and `rounding`, the largest difference
     * between a value and what is written of it, as a part of its tensor's largest.
     */
    readonly facts: string;
}

/**
 * Converts the weight file of `size` bytes, which `read` reads: `(offset, length)` to a `Uint8Array`. `beside` opens a file
 * beside it, which may describe it or have an ONNX model's weights: a name to `{ size, read }`, or to nothing where there is none.
 *
 * `choices` is the JSON of `WeightChoices`. `descriptions` are files with labels or configurations that were named; choices come
 * before them, one of them before the next, and those beside the weights last. `dtype` is `f32`, `f16` or `int8`.
 *
 * # Errors
 * Those of reading weights and labels, with their `code`; `weights-values` for values that `dtype` cannot hold.
 */
export function convert(size: number, read: (offset: number, length: number) => Uint8Array, beside: (name: string) => { size: number; read(offset: number, length: number): Uint8Array } | undefined, choices: string, descriptions: Uint8Array[], dtype: string): ConvertedFile;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
