/** Lets so many pieces of work go on at a time. What waits and is given up never begins. */
export class Turns {
  readonly #limit: number;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Does `work` when its turn comes; throws the signal's reason if that is aborted before. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#underWay < this.#limit) this.#underWay += 1;
    // Whoever is done hands the turn on.
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
