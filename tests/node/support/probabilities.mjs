// Prints the probabilities of all classes for some pixels, on one thread and on two, as JSON.
//
//   probabilities.mjs WEIGHTS

import { createClassifier } from "resnet-web/node";
import { wavyPixels } from "./pixels.mjs";

const [weights] = process.argv.slice(2);
const classifier = await createClassifier({ weights, threads: 1 });
const { classes } = classifier.model.info;
const found = {};
for (const threads of [1, 2]) {
  const status = await classifier.setThreads(threads);
  const { top } = await classifier.classify(wavyPixels(400, 300), { top: classes });
  found[status.threads.count] = top.map(({ index, probability }) => [index, probability]);
}
console.log(JSON.stringify(found));
