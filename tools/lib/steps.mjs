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

/** How long this command has run, in words. */
export function sinceStart() {
  return inWords(performance.now());
}

function inWords(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** Boils a line of a build tool's output down to what is worth showing as progress. */
export function progressOf(line) {
  const bar = line.match(/^\s*(\w+)\s+\[[^\]]*\]\s+(\d+\/\d+)/);
  return bar ? `${bar[1]} ${bar[2]}` : line.trim();
}

/** Prints text past the lines of what is under way. */
export function say(text) {
  if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
  console.log(text);
}

/** On a terminal one line for all that is under way, redrawn in place; elsewhere a sign of life of each now and then. */
class LiveLine {
  static #all = new Set();

  #title;
  #detail = "";
  #start = performance.now();
  #terminal = process.stdout.isTTY;
  #timer;

  constructor(title) {
    this.#title = title;
    LiveLine.#all.add(this);
    const period = this.#terminal ? REDRAW_MILLISECONDS : HEARTBEAT_SECONDS * 1000;
    this.#timer = setInterval(() => this.#draw(), period);
    if (this.#terminal) this.#draw();
  }

  report(detail) {
    if (detail) this.#detail = detail;
  }

  end(mark, note) {
    clearInterval(this.#timer);
    LiveLine.#all.delete(this);
    say(`${mark} ${this.#title}${note ? `: ${note}` : ""} (${this.#elapsed()})`);
  }

  #draw() {
    if (!this.#terminal) {
      console.log(this.#text());
      return;
    }
    const columns = (process.stdout.columns || 80) - 1;
    const each = Math.floor(columns / LiveLine.#all.size);
    const texts = [...LiveLine.#all].map((line) => line.#text().slice(0, each));
    process.stdout.write(`\r\x1b[K${texts.join(" ").slice(0, columns)}`);
  }

  #text() {
    return `… ${this.#title} (${this.#elapsed()})${this.#detail && ` ${this.#detail}`}`;
  }

  #elapsed() {
    return inWords(performance.now() - this.#start);
  }
}
