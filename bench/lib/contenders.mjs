import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Fault } from "../../tools/lib/fault.mjs";
import { place } from "../../tools/lib/places.mjs";

const WASM = "www/wasm";
const ON_GPU = [
  { name: "resnet-web, WebGPU", runner: "ours", folder: `/${WASM}/webgpu`, device: "webgpu" },
  { name: "onnxruntime-web, WebGPU", runner: "onnxruntime", device: "webgpu" },
  { name: "tfjs-webgpu", runner: "tfjs", device: "webgpu" },
].map((contender) => ({ ...contender, threads: 1 }));
/** How far apart int8 logits may be, relative to the largest. */
const INT8_TOLERANCE = 0.1;

/**
 * The contenders: `name`, the `runner` in page/runners, and how many `threads` it computes on. With
 * `threads`, also those with as many threads as there are processors; with `gpu`, instead, those on
 * WebGPU; `only` keeps those whose names contain one of its texts.
 */
export function contenders({ threads: withThreads, gpu, only }) {
  const counts = withThreads ? [1, availableParallelism()] : [1];
  const onCpu = counts.flatMap((threads) => [
    ...ours(threads),
    { name: `onnxruntime-web, ${inWords(threads)}`, runner: "onnxruntime", threads },
    ...rten(threads),
    { name: `tfjs-wasm, ${inWords(threads)}`, runner: "tfjs", threads },
  ]);
  const all = gpu ? ON_GPU : onCpu;
  const chosen = all.filter(({ name }) => !only || only.some((text) => name.includes(text)));
  if (chosen.length > 0) return chosen;
  throw new Fault(
    `No contender is called that; there are ${all.map(({ name }) => name).join("; ")}.`,
  );
}

/** This project's modules for the CPU that have been built. */
function ours(threads) {
  if (!existsSync(place(WASM))) return [];
  return readdirSync(place(WASM))
    .filter((name) => /^cpu\b/.test(name) && name.includes("threads") === threads > 1)
    .flatMap((name) => {
      const isRelaxed = name.includes("relaxed");
      const kind = isRelaxed ? "relaxed, " : "";
      const contender = { runner: "ours", folder: `/${WASM}/${name}`, threads };
      const own = { ...contender, name: `resnet-web, ${kind}${inWords(threads)}` };
      if (!isRelaxed) return own;
      // int8 does not compute the same, so it is held to less.
      const int8 = { arithmetic: "int8", tolerance: INT8_TOLERANCE };
      return [own, { ...contender, ...int8, name: `resnet-web, int8, ${kind}${inWords(threads)}` }];
    });
}

/** In a browser it computes on one thread, whatever it is asked for. */
function rten(threads) {
  if (threads > 1) return [];
  return [{ name: `rten, relaxed, ${inWords(threads)}`, runner: "rten", threads }];
}

function inWords(threads) {
  return threads === 1 ? "1 thread" : `${threads} threads`;
}
