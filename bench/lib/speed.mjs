import { Fault } from "../../tools/lib/fault.mjs";
import { openPage, withBrowser } from "./browser.mjs";
import { filesOf, models } from "./models.mjs";
import { inTurn } from "./rounds.mjs";
import { differenceOf, summaryOf, TOLERANCE } from "./statistics.mjs";

/**
 * Interleaves the runs of contenders on one model. Returns the times of each, and fails if they do not
 * compute the same.
 */
export function speedOf(contenders, { model, ...options }) {
  const entries = contenders.map((contender) => ({ contender, model }));
  return timesOf(entries, options, async (page, times) => {
    const difference = await agreement(page, contenders);
    return times.map((row) => ({ ...row, difference: difference.get(row.name) }));
  });
}

/** Interleaves the runs of one contender on several models. Returns the times of each, by the models' titles. */
export function speedOfFamily(contender, names, options) {
  const entries = names.map((name) => ({
    contender: { ...contender, name: models[name].title },
    model: { files: filesOf(name), size: 224, batch: 1, channels: 3 },
  }));
  return timesOf(entries, options, (_, times) => times);
}

/** Interleaves the runs of contenders, each on its model. Returns what `finish` makes of the page and of their times. */
function timesOf(entries, { server, runs, report }, finish) {
  return withBrowser(async (browser) => {
    const page = await openPage(browser, `${server.address}/bench/page/index.html`);
    for (const { contender, model } of entries) {
      report(`loading ${contender.name}`);
      await page.evaluate(([contender, model]) => race.open(contender, model), [contender, model]);
    }
    const run = (name) => page.evaluate((name) => race.run(name), name);
    const names = entries.map(({ contender }) => contender.name);
    const times = await inTurn(names, { run, runs, report });
    const rows = entries.map(({ contender: { name, threads } }) => {
      const milliseconds = times.get(name);
      return { name, threads, ...summaryOf(milliseconds), milliseconds };
    });
    const finished = await finish(page, rows);
    await page.evaluate(() => race.close());
    return finished;
  });
}

/** How far each contender's logits are from those of the last exact one, which is a peer if there is one. */
async function agreement(page, contenders) {
  const logits = new Map();
  for (const { name } of contenders) {
    logits.set(name, await page.evaluate((name) => race.logits(name), name));
  }
  const exact = contenders.filter(({ tolerance }) => tolerance === undefined);
  const reference = (exact.at(-1) ?? contenders.at(-1)).name;
  const differences = new Map();
  for (const { name, tolerance = TOLERANCE } of contenders) {
    const difference = differenceOf(logits.get(name), logits.get(reference));
    if (!(difference < tolerance)) {
      throw new Fault(
        `"${name}" computes other logits than "${reference}": they are up to ` +
          `${difference.toExponential(1)} of the largest apart. Their times cannot be compared.`,
      );
    }
    differences.set(name, difference);
  }
  return differences;
}
