/** How fast results follow the camera. */
export interface Reading {
  /** Results on the page in a second. */
  framesPerSecond: number;
  /** From a frame's capture to its result on the page, in milliseconds. */
  latency: number;
}

/** Over how many milliseconds is measured. */
const WINDOW = 2000;
/** Figures that change more often than this, in milliseconds, cannot be read. */
const READABLE = 500;

/** Measures frames per second and latency, over the last two seconds or the last two results if those take longer. */
export class Pace {
  #shown: { at: number; latency: number }[] = [];
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Reading | null = null;

  /** Counts a result that is on the page `now`, in milliseconds as `capturedAt`. Answers with the figures to show. */
  shown(capturedAt: number, now: number): Reading | null {
    this.#shown.push({ at: now, latency: Math.max(0, now - capturedAt) });
    this.#shown = this.#shown.filter(
      ({ at }, i) => now - at <= WINDOW || i >= this.#shown.length - 2,
    );
    const [first] = this.#shown;
    if (!first || first.at === now || now - this.#readAt < READABLE) return this.#reading;
    this.#readAt = now;
    const latencies = this.#shown.map(({ latency }) => latency);
    this.#reading = {
      framesPerSecond: (1000 * (this.#shown.length - 1)) / (now - first.at),
      latency: latencies.reduce((sum, latency) => sum + latency) / latencies.length,
    };
    return this.#reading;
  }
}
