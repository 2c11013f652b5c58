import path from "node:path";
import { ensureWasmBindgen } from "../../tools/lib/cargo-tools.mjs";
import { Fault } from "../../tools/lib/fault.mjs";
import { place } from "../../tools/lib/places.mjs";
import { run } from "../../tools/lib/run.mjs";
import { whenStale } from "../../tools/lib/stamp.mjs";
import { progressOf } from "../../tools/lib/steps.mjs";
import { FOR_SHARED_MEMORY } from "../../tools/lib/wasm-module.mjs";
import { openPage, withBrowser } from "./browser.mjs";
import { medianOf, TOLERANCE } from "./statistics.mjs";
import { table } from "./tables.mjs";

const TARGET = "wasm32-unknown-unknown";
const CRATE = path.join("bench", "fast-paths");
/** How the crate is built, and where to: for one thread, and for several on the same memory. */
const BUILDS = {
  single: { folder: path.join(".tools", "bench", "fast-paths"), args: [], env: {} },
  threads: { folder: path.join(".tools", "bench", "fast-paths-threads"), ...FOR_SHARED_MEMORY },
};
/** In addition to the repository's own flags: machine code is made as that of the modules is. */
const CODE_GENERATION = "-C llvm-args=-disable-lsr";
const FLAGS = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/** The ways to compute a convolution, by their numbers in bench/fast-paths, and how far from the first each may be. */
export const PATHS = [
  { name: "direct", tolerance: TOLERANCE },
  { name: "im2col", tolerance: TOLERANCE },
  { name: "F(2x2)", tolerance: TOLERANCE },
  { name: "F(4x4)", tolerance: TOLERANCE },
  // Whole numbers of seven and eight bits.
  { name: "int8", tolerance: 0.05 },
  { name: "unfused", tolerance: TOLERANCE },
  { name: "grouped", tolerance: TOLERANCE },
  { name: "grouped int8", tolerance: 0.05 },
];

/** The kinds of convolutions in ResNet-18, ResNet-50 and ResNeXt-50 32x4d, by the side of their input where the image has 224 pixels. */
export const LAYERS = [
  { side: 224, inputs: 3, outputs: 64, kernel: 7, stride: 2 },
  { side: 56, inputs: 64, outputs: 64, kernel: 3, stride: 1 },
  { side: 28, inputs: 128, outputs: 128, kernel: 3, stride: 1 },
  { side: 14, inputs: 256, outputs: 256, kernel: 3, stride: 1 },
  { side: 7, inputs: 512, outputs: 512, kernel: 3, stride: 1 },
  { side: 56, inputs: 64, outputs: 128, kernel: 3, stride: 2 },
  { side: 14, inputs: 256, outputs: 512, kernel: 3, stride: 2 },
  { side: 56, inputs: 64, outputs: 64, kernel: 1, stride: 1 },
  { side: 56, inputs: 64, outputs: 256, kernel: 1, stride: 1 },
  { side: 56, inputs: 256, outputs: 64, kernel: 1, stride: 1 },
  { side: 28, inputs: 128, outputs: 512, kernel: 1, stride: 1 },
  { side: 14, inputs: 1024, outputs: 256, kernel: 1, stride: 1 },
  { side: 7, inputs: 512, outputs: 2048, kernel: 1, stride: 1 },
  { side: 56, inputs: 256, outputs: 512, kernel: 1, stride: 2 },
  { side: 56, inputs: 128, outputs: 128, kernel: 3, stride: 1, groups: 32 },
  { side: 56, inputs: 256, outputs: 256, kernel: 3, stride: 2, groups: 32 },
  { side: 28, inputs: 256, outputs: 256, kernel: 3, stride: 1, groups: 32 },
  { side: 28, inputs: 512, outputs: 512, kernel: 3, stride: 2, groups: 32 },
  { side: 14, inputs: 512, outputs: 512, kernel: 3, stride: 1, groups: 32 },
  { side: 14, inputs: 1024, outputs: 1024, kernel: 3, stride: 2, groups: 32 },
  { side: 7, inputs: 1024, outputs: 1024, kernel: 3, stride: 1, groups: 32 },
];
/** The image for which the sides of LAYERS are. */
export const USUAL_SIZE = 224;

/** Builds the kernels for the bench, for one thread or with threads, unless they are up to date. */
export async function buildFastPaths(name, report) {
  const { folder, args, env } = BUILDS[name];
  const flags = `${env[FLAGS] ?? "-C target-feature=+simd128"} ${CODE_GENERATION}`;
  const job = {
    name: `bench-fast-paths-${name}`,
    inputs: [
      ...["rust-toolchain.toml", "crates/kernels/src"],
      ...["Cargo.toml", "Cargo.lock", "src"].map((name) => path.join(CRATE, name)),
    ],
    facts: { args, flags },
    outputs: ["fast_paths.js", "fast_paths_bg.wasm"].map((file) => path.join(folder, file)),
  };
  const built = await whenStale(job, report, async () => {
    await ensureWasmBindgen(report);
    const target = place(folder, "target");
    const build = ["build", "--release", "--locked", "--target", TARGET, "--target-dir", target];
    await run("cargo", [...build, ...args], {
      cwd: place(CRATE),
      env: { ...env, [FLAGS]: flags },
      onLine: (line) => report(progressOf(line)),
    });
    const compiled = path.join(target, TARGET, "release", "fast_paths.wasm");
    await run("wasm-bindgen", ["--target", "web", "--out-dir", place(folder), compiled]);
  });
  return built ? undefined : "up to date";
}

/** How long a path computes before it is measured, so that the browser has compiled it for good, in milliseconds. */
const WARM_UP = 300;
/** How long a measurement takes at least, in milliseconds: much longer than it takes to ask for it. */
const LONG_ENOUGH = 25;

/**
 * Times all paths for all layers of an image of this size on one thread. Returns each layer with its `paths`, undefined for
 * those that cannot compute it.
 *
 * Times are of the processor, as the browser counts them for the page's thread: what else the machine does is not in them.
 */
export function measureFastPaths(options) {
  return withPage(options.server, async (page) => {
    const call = await openFastPaths(page, "single", "open");
    const milliseconds = await threadClock(page);
    const time = async (path, times) => {
      const start = await milliseconds();
      await call("run", path, times);
      return (await milliseconds()) - start;
    };
    return measureLayers({ ...options, call, ways: [time] }, async (layer, { path, times }) => {
      const difference = await call("difference", path);
      const { name, tolerance } = PATHS[path];
      if (!(difference <= tolerance)) {
        throw new Fault(`${name} is off by ${difference} for ${nameOf(layer)}: it computes wrong.`);
      }
      return { name, difference, ...summaryOf(times[0]) };
    });
  });
}

/** The same on one thread and on `threads` of them, in turn, by the clock on the wall: `one` and `many` of each path. */
export function measureThreads({ threads, ...options }) {
  return withPage(options.server, async (page) => {
    const call = await openFastPaths(page, "threads", "openWithThreads", threads);
    const ways = [1, threads].map((count) => (path, times) => call("time", path, times, count));
    return measureLayers({ ...options, call, ways }, (_, { path, times }) => {
      const [one, many] = times.map(summaryOf);
      return { name: PATHS[path].name, one, many };
    });
  });
}

/** Does `work` with the bench's page, in a browser of its own. */
function withPage({ address }, work) {
  return withBrowser(async (browser) =>
    work(await openPage(browser, `${address}/bench/page/fast-paths.html`)),
  );
}

/** Opens one of BUILDS in the page, by the page's function `open`. Returns what calls its functions. */
async function openFastPaths(page, build, open, ...more) {
  const call = (name, ...args) =>
    page.evaluate(([name, args]) => fastPaths[name](...args), [name, args]);
  await call(open, `/${BUILDS[build].folder.replaceAll(path.sep, "/")}`, ...more);
  return call;
}

/**
 * Measures every layer on every path that can compute it, in all `ways` to time one, in turn: A B C, A B C. `summarise` makes
 * a result of a path's `times`, a list for each way.
 */
async function measureLayers({ call, ways, size, only = "", rounds, report }, summarise) {
  const measured = [];
  for (const usual of LAYERS) {
    const side = Math.ceil((usual.side * size) / USUAL_SIZE);
    const layer = { groups: 1, ...usual, side };
    if (!nameOf(layer).includes(only)) continue;
    const { inputs, outputs, kernel, stride, groups } = layer;
    report(nameOf(layer));
    await call("layer", side, inputs, outputs, kernel, stride, groups);
    const field = [];
    for (const path of PATHS.keys()) {
      if (!(await call("prepare", path))) continue;
      const counts = [];
      for (const time of ways) counts.push(await countFor(path, time));
      field.push({ path, counts, times: ways.map(() => []) });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { path, counts, times } of field) {
        for (const [way, time] of ways.entries()) {
          times[way].push((await time(path, counts[way])) / counts[way]);
        }
      }
    }
    const paths = [];
    for (const each of field) paths[each.path] = await summarise(layer, each);
    measured.push({ ...layer, paths });
  }
  return measured;
}

/** A clock of the processor's time that the page's thread has taken, in milliseconds. */
async function threadClock(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * metrics.find(({ name }) => name === "ThreadTime").value;
  };
}

/** How many convolutions take long enough, once they are compiled for good. */
async function countFor(path, time) {
  let count = 1;
  for (let spent = 0; spent < WARM_UP || (await time(path, count)) < LONG_ENOUGH; ) {
    const took = await time(path, count);
    spent += took;
    if (took < LONG_ENOUGH) count *= 2;
  }
  return count;
}

function summaryOf(milliseconds) {
  return { median: medianOf(milliseconds), minimum: Math.min(...milliseconds), milliseconds };
}

/** A Markdown table: the direct product's time, and each other path's as a part of it; medians, and minima in brackets. */
export function fastPathTable(layers) {
  const [, ...others] = PATHS;
  const head = ["layer", "direct", ...others.map(({ name }) => name)];
  const body = layers.map((layer) => {
    const [direct] = layer.paths;
    const cells = others.map((_, i) => ratioOf(layer.paths[i + 1], direct));
    return [nameOf(layer), `${direct.median.toFixed(2)} ms`, ...cells];
  });
  return table(head, body);
}

/** A Markdown table: how many times as fast each path is on several threads. */
export function threadTable(layers) {
  const head = ["layer", ...PATHS.map(({ name }) => name)];
  const body = layers.map((layer) => [
    nameOf(layer),
    ...PATHS.map((_, i) => ratioOf(layer.paths[i]?.one, layer.paths[i]?.many)),
  ]);
  return table(head, body);
}

function ratioOf(one, other) {
  if (!one) return "";
  const [median, minimum] = ["median", "minimum"].map((of) => (one[of] / other[of]).toFixed(2));
  return `${median} (${minimum})`;
}

function nameOf({ side, inputs, outputs, kernel, stride, groups }) {
  const strided = stride > 1 ? `, stride ${stride}` : "";
  const grouped = groups > 1 ? `, ${groups} groups` : "";
  return `${kernel}x${kernel}, ${inputs} to ${outputs}${strided}${grouped}, ${side}x${side}`;
}
