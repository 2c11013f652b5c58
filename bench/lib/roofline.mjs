import { Fault } from "../../tools/lib/fault.mjs";
import { openPage, withBrowser } from "./browser.mjs";
import { kernels, writeModule } from "./roofline-module.mjs";
import { medianOf } from "./statistics.mjs";

/** How long a run is to take at least, in milliseconds: much longer than to start a second thread. */
const LONG_ENOUGH = 25;
/** How often the amount for that is looked for; before the last time everything is compiled for good. */
const CALIBRATIONS = 3;
/** Pairs of a run and one of twice the amount, of which the fastest are compared. */
const PAIRS = 5;
/** What twice the amount may take, as a multiple: otherwise it is not the kernel that is measured. */
const DOUBLE = { least: 1.8, most: 2.2 };

/**
 * Measures all kernels, on one thread and on `threads`, in turn as often as `runs` says. Returns
 * `clock`, cycles in a second, and for each kernel of `arithmetic` and `reading` its steps in a second,
 * `one` and `many`, each `{ median, best, rates }`.
 */
export async function measureRoofline({ server, runs, threads, report }) {
  const module = await writeModule();
  return withBrowser(async (browser) => {
    const page = await openPage(browser, `${server.address}/bench/page/roofline.html`);
    await page.evaluate(([module, threads]) => roofline.open(module, threads), [module, threads]);
    const time = (count, kernel, amount) =>
      page.evaluate((call) => roofline.run(...call), [count, kernel, amount]);

    const field = [kernels.clock, ...kernels.arithmetic, ...kernels.reading].map((kernel) => ({
      kernel,
      rates: { one: [], many: [] },
    }));
    for (const entry of field) {
      report(`warming up ${nameOf(entry.kernel)}`);
      entry.amount = await amountOf(entry.kernel, time, threads);
      entry.double = await doubleOf(entry, time);
    }
    for (let round = 0; round < runs; round++) {
      report(`run ${round + 1} of ${runs}`);
      for (const { kernel, amount, rates } of field) {
        const rate = async (count) =>
          (1000 * count * amount * kernel.steps) / (await time(count, kernel, amount));
        rates.one.push(await rate(1));
        rates.many.push(await rate(threads));
      }
    }
    const [clock, ...measured] = field.map(({ kernel, double, rates }) => {
      const [one, many] = [rates.one, rates.many].map(summaryOfRates);
      return { ...kernel, double, one, many };
    });
    const arithmetic = measured.splice(0, kernels.arithmetic.length);
    return { threads, clock, arithmetic, reading: measured };
  });
}

/** The amount that takes long enough, once the browser has optimised the kernel. */
async function amountOf(kernel, time, threads) {
  let amount;
  for (let i = 0; i < CALIBRATIONS; i++) {
    amount = 1;
    while ((await time(1, kernel, amount)) < LONG_ENOUGH) amount *= 2;
  }
  // The other threads' memory and code have not been used yet.
  await time(threads, kernel, amount);
  return amount;
}

async function doubleOf({ kernel, amount }, time) {
  const once = [];
  const twice = [];
  for (let i = 0; i < PAIRS; i++) {
    once.push(await time(1, kernel, amount));
    twice.push(await time(1, kernel, 2 * amount));
  }
  const ratio = Math.min(...twice) / Math.min(...once);
  if (ratio >= DOUBLE.least && ratio <= DOUBLE.most) return ratio;
  throw new Fault(
    `Twice as much of ${nameOf(kernel)} took ${ratio.toFixed(2)} times as long instead of twice: ` +
      "either the machine is too busy to measure on, or the loop was compiled away.",
  );
}

function summaryOfRates(rates) {
  return { median: medianOf(rates), best: Math.max(...rates), rates };
}

function nameOf({ title, run }) {
  return title ?? run;
}
