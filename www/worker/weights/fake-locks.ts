/** Takes the place of `navigator.locks`: what this module asks of them. */
export class FakeLocks {
  /** For each name the end of what waits and holds there. */
  readonly #ends = new Map<string, Promise<unknown>>();

  async request<T>(
    name: string,
    { signal, ifAvailable = false }: { signal?: AbortSignal; ifAvailable?: boolean },
    work: (lock: object | null) => Promise<T>,
  ): Promise<T> {
    const before = this.#ends.get(name);
    if (before && ifAvailable) return work(null);
    let end: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const all = Promise.all([before, over]);
    this.#ends.set(name, all);
    try {
      await Promise.race([before, aborted(signal)]);
      signal?.throwIfAborted();
      return await work({});
    } finally {
      end();
      if (this.#ends.get(name) === all) all.then(() => this.#ends.delete(name));
    }
  }
}

/** Waits for a signal to abort, and fails then. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
