import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { place } from "../../tools/lib/places.mjs";
import { filesOf, models } from "./models.mjs";
import { inTurn } from "./rounds.mjs";
import { summaryOf } from "./statistics.mjs";
import { syntheticInput } from "./synthetic.mjs";

/**
 * As speedOfFamily in speed.mjs, in this process. Times are of the processor, so what else the machine does is in them only as
 * far as it slows the processor down.
 */
export async function speedInNode({ folder, arithmetic, threads }, names, { runs, report }) {
  const { Engine } = await loadModule(folder.slice(1));
  const engine = await Engine.open("cpu", false);
  const loaded = names.map((name) => {
    const weights = readFileSync(place(filesOf(name).safetensors.slice(1)));
    return [models[name].title, engine.load(bytesOf(weights), { arithmetic })];
  });
  const networks = new Map(loaded);
  const input = syntheticInput([1, 3, 224, 224]);
  const run = async (title) => {
    const before = process.cpuUsage();
    await networks.get(title).logits(input);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const times = await inTurn([...networks.keys()], { run, runs, report });
  for (const network of networks.values()) network.free();
  engine.free();
  return [...times].map(([name, milliseconds]) => ({
    ...{ name, threads, milliseconds },
    ...summaryOf(milliseconds),
  }));
}

/** One of the project's wasm modules. */
export async function loadModule(folder) {
  // Node 20 has relaxed SIMD only if it is told so.
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  Object.assign(globalThis, { FileReaderSync });
  const module = await import(pathToFileURL(place(folder, "resnet_web.js")));
  const wasm = readFileSync(place(path.join(folder, "resnet_web_bg.wasm")));
  await module.default({ module_or_path: wasm });
  // A panic in an async function leaves its promise pending for ever.
  module.setPanicListener((message) => {
    console.error(message);
    process.exit(1);
  });
  return module;
}

/** The part of a blob that the module uses: Node's own can only be read asynchronously. */
export function bytesOf(buffer) {
  return {
    buffer,
    size: buffer.byteLength,
    slice: (start, end) => bytesOf(buffer.subarray(start, end)),
  };
}

/** Reads the blobs of `bytesOf`. */
class FileReaderSync {
  readAsArrayBuffer({ buffer: { buffer, byteOffset, byteLength } }) {
    return buffer.slice(byteOffset, byteOffset + byteLength);
  }
}
