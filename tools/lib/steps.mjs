import { performance } from "node:perf_hooks";

const HEARTBEAT_SECONDS = 20;
const REDRAW_MILLISECONDS = 200;

/**
 * Does a named piece of work and prints one line about it with the time it took. `work` gets a
 * function to report its progress with, shown while it runs, and may return a note for the line.
 */
export async function step(title, work) {
  const line = new LiveLine(title);
  try {
    const note = await work((detail) => line.report(detail));
    line.end("✓", note);
  } catch (error) {
    line.end("✗");
    throw error;
  }
}

/** Boils a line of a build tool's output down to what is worth showing as progress. */
export function progressOf(line) {
  const bar = line.match(/^\s*(\w+)\s+\[[^\]]*\]\s+(\d+\/\d+)/);
  return bar ? `${bar[1]} ${bar[2]}` : line.trim();
}

/** On a terminal a line redrawn in place; elsewhere a sign of life now and then. */
class LiveLine {
  #title;
  #detail = "";
  #start = performance.now();
  #terminal = process.stdout.isTTY;
  #timer;

  constructor(title) {
    this.#title = title;
    const period = this.#terminal ? REDRAW_MILLISECONDS : HEARTBEAT_SECONDS * 1000;
    this.#timer = setInterval(() => this.#draw(), period);
    if (this.#terminal) this.#draw();
  }

  report(detail) {
    if (detail) this.#detail = detail;
  }

  end(mark, note) {
    clearInterval(this.#timer);
    if (this.#terminal) process.stdout.write("\r\x1b[K");
    console.log(`${mark} ${this.#title}${note ? `: ${note}` : ""} (${this.#elapsed()})`);
  }

  #draw() {
    const text = `… ${this.#title} (${this.#elapsed()})${this.#detail && ` ${this.#detail}`}`;
    if (this.#terminal) {
      process.stdout.write(`\r\x1b[K${text.slice(0, (process.stdout.columns || 80) - 1)}`);
    } else {
      console.log(text);
    }
  }

  #elapsed() {
    return `${((performance.now() - this.#start) / 1000).toFixed(1)} s`;
  }
}
