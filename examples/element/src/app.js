import "resnet-web/element";

const [element] = document.getElementsByTagName("resnet-classifier");
const [output] = document.getElementsByTagName("output");
const device = document.getElementById("device");

element.addEventListener("ready", async () => {
  const { threads } = await element.classifier.device;
  device.textContent = `Threads: ${threads?.count ?? "on the GPU"}`;
});

element.addEventListener("result", ({ detail: { top } }) => {
  output.textContent = top
    .map(({ label, probability }) => `${label} ${probability.toFixed(2)}`)
    .join(", ");
});
