import { type CDPSession, expect, type Page } from "@playwright/test";
import { onPackage as test } from "./support/package";

// Classifiers that come and go leave nothing behind.

/** Rounds before the first measurement: what is loaded once, and what the browser keeps in reserve, is there then. */
const WARM_UP = 20;
const ROUNDS = 100;
/** How much the page's heap may grow in all rounds, in bytes. A classifier that is kept has 15 kB there. */
const MOST_GROWTH = 700_000;

/** Creates, classifies and disposes of so many classifiers, one after the other. */
const rounds = (page: Page, count: number) =>
  page.evaluate(async (count) => {
    const { createClassifier } = await import(new URL("index.js", document.baseURI).href);
    const photo = await (await fetch("cat.png")).blob();
    const known = globalThis as unknown as { classifiers?: WeakRef<object>[] };
    known.classifiers ??= [];
    for (let round = 0; round < count; round += 1) {
      const classifier = await createClassifier({ weights: "small.safetensors", device: "cpu" });
      const { top } = await classifier.classify(photo);
      if (top[0].index !== 5) throw new Error(`round ${round}: class ${top[0].index}`);
      classifier.dispose();
      known.classifiers.push(new WeakRef(classifier));
    }
  }, count);

/** What the page holds after garbage collection: bytes of its heap, and classifiers. */
async function held(page: Page, devtools: CDPSession) {
  await devtools.send("HeapProfiler.collectGarbage");
  const { metrics } = await devtools.send("Performance.getMetrics");
  const heap = metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN;
  const classifiers = await page.evaluate(() => {
    const known = globalThis as unknown as { classifiers: WeakRef<object>[] };
    return known.classifiers.filter((classifier) => classifier.deref()).length;
  });
  return { heap, classifiers };
}

test(`workers, heap and classifiers stay level over ${ROUNDS} rounds, on several threads`, async ({
  page,
  own,
}) => {
  own.isolates = true;
  await page.goto(`${own.address}page.html`);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  await rounds(page, WARM_UP);
  const before = await held(page, devtools);
  await rounds(page, ROUNDS);
  await expect.poll(() => page.workers().length).toBe(0);
  // The last one's messages may be on their way.
  await expect.poll(async () => (await held(page, devtools)).classifiers).toBeLessThanOrEqual(1);
  const after = await held(page, devtools);
  expect(after.heap - before.heap).toBeLessThan(MOST_GROWTH);
});
