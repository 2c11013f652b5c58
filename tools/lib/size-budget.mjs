import path from "node:path";
import { brotliSize } from "./brotli-size.mjs";
import { Fault } from "./fault.mjs";
import { place } from "./places.mjs";
import { moduleFolder, modules } from "./wasm-module.mjs";

const KIB = 1024;

/** Weighs every wasm module against its budget; returns the figures, or throws them as a Fault. */
export async function checkSizes() {
  const figures = [];
  let allWithin = true;
  for (const [name, { budget }] of Object.entries(modules)) {
    const folder = place(moduleFolder(name));
    const files = ["resnet_web.js", "resnet_web_bg.wasm"].map((file) => path.join(folder, file));
    const size = await brotliSize(files);
    allWithin &&= size <= budget;
    figures.push(`${name} ${(size / KIB).toFixed(1)} of ${budget / KIB} KiB`);
  }
  const text = `${figures.join(", ")} (Brotli, wasm and JavaScript)`;
  if (!allWithin) throw new Fault(`A wasm module is over its size budget: ${text}.`);
  return text;
}
