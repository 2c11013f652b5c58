// Classifies twenty times with one classifier, and prints how many of the results are still in memory. Needs --expose-gc.
//
//   results.mjs WEIGHTS

import { setTimeout } from "node:timers/promises";
import { createClassifier } from "resnet-web/node";
import { wavyPixels } from "./pixels.mjs";

const classifier = await createClassifier({ weights: process.argv[2], threads: 1 });
const results = [];
for (let i = 0; i < 20; i += 1) {
  results.push(new WeakRef(await classifier.classify(wavyPixels(64, 64))));
}
let kept = results.length;
for (let round = 0; round < 100 && kept > 0; round += 1) {
  await setTimeout(10);
  globalThis.gc();
  kept = results.filter((result) => result.deref()).length;
}
classifier.dispose();
console.log(kept);
