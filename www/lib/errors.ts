/**
 * What kind of error it is, in words that stay the same from version to version.
 *
 * The first group comes from the Rust code, the second from the browser's side.
 */
export type ErrorCode =
  | "adapter-unavailable"
  | "adapter-software"
  | "device-failed"
  /** The GPU's device is gone, with everything on it. Another one is opened, or the CPU. */
  | "device-lost"
  | "self-check-failed"
  | "weights-format"
  | "weights-unreadable"
  | "weights-missing"
  | "weights-shape"
  | "weights-dtype"
  | "weights-values"
  | "weights-architecture"
  | "labels"
  /** A picture of no size, or too large a one. */
  | "image-size"
  | "class-index"
  /** The network would not fit in memory here. */
  | "too-large"
  // From here on: the browser's side.
  /** Nothing can be fetched from such an address. */
  | "address"
  | "weights-download"
  | "weights-checksum"
  | "image-decode"
  /** The browser keeps pixels from pages, and gives noise instead. */
  | "image-withheld"
  /** The wasm code did not get here, or the browser cannot run it. */
  | "runtime-download"
  /** The browser may not run wasm code here: a Content-Security-Policy forbids it, or it is switched off. */
  | "runtime-blocked"
  /** The page gets no worker to run the network in. */
  | "worker-unavailable"
  /** The browser lacks what reading pictures needs. */
  | "browser-unsupported"
  /** The wasm code died, and has been started again. */
  | "runtime-crashed"
  /** The wasm code died of a model, which is not loaded again by itself. */
  | "model-crashed"
  /** The worker was ended with a load that was given up in it. The model is loaded again in another one. */
  | "runtime-replaced"
  /** It died too often to be started again. */
  | "runtime-given-up"
  | "not-ready"
  | "aborted"
  | "unexpected";

/** Every error of this library: a code for programs, a message that says what was wrong and what to do. */
export class ResNetError extends Error {
  override readonly name = "ResNetError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Codes of what fails because another worker takes over, where the same call is worth another try. */
const REPLACED: readonly ErrorCode[] = [
  "runtime-crashed",
  "runtime-replaced",
  "device-lost",
  "device-failed",
];

/** Whether an error says that another worker takes over, where the same call is worth another try. */
export function isReplaced(code: ErrorCode | undefined): boolean {
  return code !== undefined && REPLACED.includes(code);
}

/** An error as plain data, for the way between worker and page. */
export interface ErrorRecord {
  code: ErrorCode;
  message: string;
}

/** Makes a {@link ResNetError} of whatever was thrown. */
export function toResNetError(thrown: unknown): ResNetError {
  if (thrown instanceof ResNetError) return thrown;
  if (thrown instanceof Error) {
    if (thrown.name === "AbortError") return new ResNetError("aborted", "The call was cancelled.");
    // The wasm module's errors carry their code as a property.
    const code = (thrown as Error & { code?: unknown }).code;
    if (thrown.name === "ResNetError" && typeof code === "string") {
      return new ResNetError(code as ErrorCode, thrown.message, { cause: thrown });
    }
    return new ResNetError("unexpected", thrown.message, { cause: thrown });
  }
  return new ResNetError("unexpected", String(thrown));
}
