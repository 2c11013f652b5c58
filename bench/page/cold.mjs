import { openContender } from "./contender.mjs";

/** What to do is in the address, so that nothing waits for the program that drives the browser. */
const { contender, model } = JSON.parse(decodeURIComponent(location.hash.slice(1)));

/** Milliseconds from the navigation to the first logits. */
globalThis.firstResult = (async () => {
  const { run } = await openContender(contender, model);
  await run();
  return performance.now();
})();
