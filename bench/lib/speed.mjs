import { Fault } from "../../tools/lib/fault.mjs";
import { openPage, withBrowser } from "./browser.mjs";
import { inTurn } from "./rounds.mjs";
import { differenceOf, summaryOf, TOLERANCE } from "./statistics.mjs";

/**
 * Interleaves the runs of contenders on one model. Returns the times of each, and fails if they do not
 * compute the same.
 */
export async function speedOf(contenders, { server, model, runs, report }) {
  return withBrowser(async (browser) => {
    const page = await openPage(browser, `${server.address}/bench/page/index.html`);
    for (const contender of contenders) {
      report(`loading ${contender.name}`);
      await page.evaluate(([contender, model]) => race.open(contender, model), [contender, model]);
    }
    const run = (name) => page.evaluate((name) => race.run(name), name);
    const names = contenders.map(({ name }) => name);
    const times = await inTurn(names, { run, runs, report });
    const difference = await agreement(page, contenders);
    await page.evaluate(() => race.close());
    return contenders.map(({ name, threads }) => {
      const milliseconds = times.get(name);
      const summary = { ...summaryOf(milliseconds), difference: difference.get(name) };
      return { name, threads, ...summary, milliseconds };
    });
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
