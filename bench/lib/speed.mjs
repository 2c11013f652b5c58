import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../../tools/lib/fault.mjs";
import { openPage, withBrowser } from "./browser.mjs";
import { differenceOf, summaryOf } from "./statistics.mjs";

/** Runs of each before the measured ones: the browser compiles what runs often a second time. */
const WARM_UPS = 3;
/** Between two runs, in milliseconds: a pool of threads goes on spinning for a while after its work. */
const REST = 50;
/** How far logits may be apart, as a part of the largest. */
const TOLERANCE = 1e-3;

/**
 * Lets contenders run on one model in turn, A B C A B C: what else the machine does meets all alike.
 * Returns each one's times, and fails if they do not compute the same.
 */
export async function speedOf(contenders, { server, model, runs, report }) {
  return withBrowser(async (browser) => {
    const page = await openPage(browser, `${server.address}/bench/page/index.html`);
    for (const contender of contenders) {
      report(`loading ${contender.name}`);
      await page.evaluate(([contender, model]) => race.open(contender, model), [contender, model]);
    }
    const run = (name) => page.evaluate((name) => race.run(name), name);
    const times = new Map(contenders.map(({ name }) => [name, []]));
    for (let round = -WARM_UPS; round < runs; round++) {
      report(round < 0 ? "warming up" : `run ${round + 1} of ${runs}`);
      for (const { name } of contenders) {
        await sleep(REST);
        const milliseconds = await run(name);
        if (round >= 0) times.get(name).push(milliseconds);
      }
    }
    const difference = await agreement(page, contenders);
    await page.evaluate(() => race.close());
    return contenders.map(({ name, threads }) => {
      const milliseconds = times.get(name);
      const summary = { ...summaryOf(milliseconds), difference: difference.get(name) };
      return { name, threads, ...summary, milliseconds };
    });
  });
}

/** How far each one's logits are from the last exact one's, which is not ours if there is a peer. */
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
