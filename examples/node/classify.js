import { createClassifier } from "resnet-web/node";

const [photo] = process.argv.slice(2);
const classifier = await createClassifier({ weights: "models/resnet50.safetensors" });
const { top } = await classifier.classify(photo);
for (const { label, probability } of top) console.log(label, probability.toFixed(2));
classifier.dispose();
