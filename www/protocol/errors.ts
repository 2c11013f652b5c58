import type { WeightErrorCode } from "./generated/core";
import type { EngineErrorCode } from "./generated/engine";

/**
 * The kind of an error. It stays the same from version to version. The documentation's page of error codes says of each
 * what it means and what to do (`error-guide.ts`). The first two groups come from Rust.
 */
export type ErrorCode =
  | EngineErrorCode
  | WeightErrorCode
  /** A number or a name that was passed is not one that is allowed there. */
  | "argument"
  /** Nothing can be fetched from such an address. */
  | "address"
  /** The weight file did not arrive. */
  | "weights-download"
  /** Another weight file arrived than was asked for. */
  | "weights-checksum"
  /** The image at an address did not arrive. */
  | "image-download"
  /** The file is no image that the browser decodes, or the element shows none. */
  | "image-decode"
  /** The image is another origin's, which keeps its pixels from the page. */
  | "image-cross-origin"
  /** The browser keeps pixels from pages, and gives noise instead. */
  | "image-withheld"
  /** The wasm code did not get here, or the browser cannot run it. */
  | "runtime-download"
  /** The browser may not run wasm code here: a Content-Security-Policy forbids it. */
  | "runtime-blocked"
  /** A worker could not be started: the one that runs the network, or the one that fetches weights. */
  | "worker-unavailable"
  /** The browser lacks WebAssembly, or an API that reading images needs. */
  | "browser-unsupported"
  /** The wasm code died, and has been started again. */
  | "runtime-crashed"
  /** A model made the wasm code die. It is not loaded again by itself. */
  | "model-crashed"
  /** The worker was terminated because a load was cancelled that it was busy with. The previous model is loaded in a new one. */
  | "runtime-replaced"
  /** It died too often to be started again. */
  | "runtime-given-up"
  /** No model is loaded, or no image has been inspected. */
  | "not-ready"
  /** The call was cancelled by its signal, overtaken by a newer one, or the classifier was disposed of. */
  | "aborted"
  /** Whatever has no code of its own. */
  | "unexpected";

/**
 * Every error of this library: a code for programs, a message that says what was wrong and what to do.
 *
 * ```ts
 * try {
 *   await classifier.classify(file, { signal });
 * } catch (error) {
 *   if (error instanceof ResNetError && error.code === "aborted") return;
 *   show(error.message);
 * }
 * ```
 */
export class ResNetError extends Error {
  /** `"ResNetError"`; but `"AbortError"` for the code `aborted`, as what `fetch` throws then, so that code for both knows it. */
  override readonly name: "ResNetError" | "AbortError";

  /**
   * @param code what kind of error it is
   * @param message what was wrong, what was expected, what to do
   * @param options `cause`: what was thrown, or of a signal its reason
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = code === "aborted" ? "AbortError" : "ResNetError";
  }
}

/** The error of a call that was cancelled, by a signal if one is given: its reason is the cause, or the error itself. */
export function aborted(signal?: AbortSignal): ResNetError {
  const reason: unknown = signal?.reason;
  if (reason instanceof ResNetError && reason.code === "aborted") return reason;
  return new ResNetError("aborted", "The call was cancelled.", signal && { cause: signal.reason });
}

/** The codes of calls that failed because their worker was replaced: the same call can be tried again. */
const REPLACED: readonly ErrorCode[] = [
  "runtime-crashed",
  "runtime-replaced",
  "device-lost",
  "device-failed",
];

/** Whether a call failed because its worker was replaced: the same call can be tried again. */
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
    if (thrown.name === "AbortError") {
      return new ResNetError("aborted", "The call was cancelled.", { cause: thrown });
    }
    // The wasm module's errors carry their code as a property.
    const code = (thrown as Error & { code?: unknown }).code;
    if (thrown.name === "ResNetError" && typeof code === "string") {
      return new ResNetError(code as ErrorCode, thrown.message, { cause: thrown });
    }
    return new ResNetError("unexpected", thrown.message, { cause: thrown });
  }
  return new ResNetError("unexpected", String(thrown));
}
