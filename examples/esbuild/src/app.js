import { createClassifier } from "resnet-web";

const [input] = document.getElementsByTagName("input");
const [output] = document.getElementsByTagName("output");
const device = document.getElementById("device");

const classifier = await createClassifier({ weights: "models/resnet50.safetensors" });
const { threads } = await classifier.device;
device.textContent = `Threads: ${threads?.count ?? "on the GPU"}`;

input.addEventListener("change", async () => {
  const { top } = await classifier.classify(input.files[0]);
  output.textContent = top
    .map(({ label, probability }) => `${label} ${probability.toFixed(2)}`)
    .join(", ");
});
input.disabled = false;
