/**
 * Calls that all fail at once when what they are made to ends.
 *
 * They are not raced with a promise that stands for the end: until it settled, it would hold the result of every race.
 */
export class Calls {
  readonly #failing = new Set<(error: Error) => void>();
  #end: Error | undefined;

  /** Whether every call fails. */
  get haveEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Does `work`; fails at the end, or where it has come already. */
  async make<T>(work: () => Promise<T>): Promise<T> {
    if (this.#end) throw this.#end;
    let fail: (error: Error) => void = () => {};
    try {
      return await new Promise<T>((resolve, reject) => {
        fail = reject;
        this.#failing.add(fail);
        work().then(resolve, reject);
      });
    } finally {
      this.#failing.delete(fail);
    }
  }

  /** Fails the calls under way, and later ones, with `error`. Only the first end counts. */
  end(error: Error): void {
    if (this.#end) return;
    this.#end = error;
    for (const fail of this.#failing) fail(error);
  }
}
