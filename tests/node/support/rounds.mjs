// Creates, uses and disposes of a classifier twenty times, and prints how many megabytes the process has after five rounds and
// at the end, as JSON.
//
//   rounds.mjs WEIGHTS THREADS

import { createClassifier } from "resnet-web/node";
import { wavyPixels } from "./pixels.mjs";

const [weights, threads] = process.argv.slice(2);
const image = wavyPixels(64, 64);
const megabytes = [];
for (let round = 1; round <= 20; round += 1) {
  const classifier = await createClassifier({ weights, threads: Number(threads) });
  await classifier.classify(image);
  classifier.dispose();
  if (round === 5 || round === 20) megabytes.push(process.memoryUsage().rss / 1e6);
}
console.log(JSON.stringify(megabytes));
