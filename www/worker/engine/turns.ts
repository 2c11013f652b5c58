/** A queue that runs so many tasks at a time, in order. A task that is aborted while it waits never begins. */
export class Turns {
  readonly #limit: number;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` when its turn comes; throws the signal's reason if it is aborted before. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#underWay < this.#limit) this.#underWay += 1;
    // A task that ends hands its turn on.
    else await new Promise<void>((begin) => this.#waiting.push(begin));
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#underWay -= 1;
    }
  }
}
