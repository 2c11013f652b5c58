type Work<T> = (lock: object | null) => Promise<T>;

/** Takes the place of `navigator.locks`: what this module asks of them. */
export class FakeLocks {
  /** For each name how its holder loses it. */
  readonly #held = new Map<string, () => void>();
  readonly #waiting = new Map<string, (() => void)[]>();

  async request<T>(
    name: string,
    { signal, ifAvailable = false, steal = false }: LockOptions,
    work: Work<T>,
  ): Promise<T> {
    const lose = this.#held.get(name);
    if (lose && ifAvailable) return work(null);
    if (lose && steal) lose();
    else if (lose) await this.#turn(name, signal);
    return this.#hold(name, work);
  }

  async #hold<T>(name: string, work: Work<T>): Promise<T> {
    let lose: () => void = () => {};
    const lost = new Promise<never>((_, reject) => {
      lose = () => reject(new DOMException("stolen", "AbortError"));
    });
    lost.catch(() => {});
    this.#held.set(name, lose);
    try {
      return await Promise.race([work({}), lost]);
    } finally {
      if (this.#held.get(name) === lose) {
        this.#held.delete(name);
        this.#waiting.get(name)?.shift()?.();
      }
    }
  }

  #turn(name: string, signal: AbortSignal | undefined): Promise<void> {
    const waiting = this.#waiting.get(name) ?? [];
    this.#waiting.set(name, waiting);
    return new Promise((resolve, reject) => {
      waiting.push(resolve);
      signal?.addEventListener("abort", () => {
        const place = waiting.indexOf(resolve);
        if (place >= 0) waiting.splice(place, 1);
        reject(signal.reason);
      });
    });
  }
}
