import type { ErrorCode } from "../../../protocol/errors";

/**
 * How often a call with an image is made again because its worker was replaced, by the reason. This ends: a GPU that is lost
 * twice is replaced by the CPU, and code that crashes a second time is not to be trusted with the same image.
 */
export const MOST_RETRIES: Partial<Record<ErrorCode, number>> = {
  "runtime-crashed": 1,
  "device-failed": 1,
  "device-lost": 2,
  "runtime-replaced": 3,
};

/** Counts how often a call was made again, and decides whether it is once more. */
export class Retries {
  readonly #made = new Map<ErrorCode, number>();

  /** Whether to make the call again after it failed with this code. */
  mayRetry(code: ErrorCode): boolean {
    const made = this.#made.get(code) ?? 0;
    this.#made.set(code, made + 1);
    return made < (MOST_RETRIES[code] ?? 0);
  }
}
