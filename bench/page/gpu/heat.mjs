import { inTurn } from "../../lib/rounds.mjs";
import { differenceOf, summaryOf, TOLERANCE } from "../../lib/statistics.mjs";

/**
 * Interleaves the runs of contenders on one model. A contender that fails has a `failure` and does not stop the others.
 * `open(contender, model)` is that of contender.mjs; `show` gets the rows whenever they change.
 */
export async function heatOf(contenders, model, { open, runs, warmUps, report, show }) {
  const entries = contenders.map((contender) => new Entry(contender));
  const showAll = () => show(entries.map(({ row }) => row));
  showAll();
  for (const entry of entries) {
    report(`loading ${entry.name}`);
    await entry.open(() => open(entry.contender, model));
    showAll();
  }
  const names = entries.map(({ name }) => name);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const run = (name) => byName.get(name).run();
  const times = await inTurn(names, { run, runs, warmUps, report });
  for (const entry of entries) await entry.finish(times.get(entry.name));
  judge(entries);
  showAll();
  return entries.map(({ row }) => row);
}

/** A contender in the race, and the row of what it did. */
class Entry {
  contender;
  row;
  logits;
  #opened;

  constructor(contender) {
    const { name, threads } = contender;
    this.contender = contender;
    this.row = { name, threads };
  }

  get name() {
    return this.contender.name;
  }

  async open(open) {
    await this.#attempt(async () => {
      const start = performance.now();
      this.#opened = await open();
      this.row.loadMilliseconds = performance.now() - start;
      this.row.firstRunMilliseconds = await this.#opened.run();
    });
  }

  /** Milliseconds, unless it has failed. */
  run() {
    return this.#attempt(() => this.#opened.run());
  }

  async finish(milliseconds) {
    await this.#attempt(async () => {
      this.logits = await this.#opened.logits();
      await this.#opened.close();
      Object.assign(this.row, summaryOf(milliseconds), { milliseconds });
    });
  }

  async #attempt(work) {
    if (this.row.failure !== undefined) return undefined;
    try {
      return await work();
    } catch (error) {
      this.row.failure = error?.message ?? String(error);
      // It may be past answering.
      this.#opened?.terminate();
      return undefined;
    }
  }
}

/** How far each contender is from ours (on the GPU if that computes), and the ratio of those that agree. */
function judge(entries) {
  const finished = entries.filter(({ row }) => row.failure === undefined);
  const reference = finished.find(({ contender }) => contender.runner === "ours");
  if (!reference) return;
  for (const { row, logits } of finished) {
    row.difference = differenceOf(logits, reference.logits);
    row.wrong = !(row.difference < TOLERANCE);
    const onGpu = reference.contender.device === "webgpu";
    if (onGpu && !row.wrong) row.ours = reference.row.median / row.median;
  }
}
