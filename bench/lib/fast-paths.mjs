import { copyFileSync } from "node:fs";
import path from "node:path";
import { Fault } from "../../tools/lib/fault.mjs";
import { place } from "../../tools/lib/places.mjs";
import { run } from "../../tools/lib/run.mjs";
import { whenStale } from "../../tools/lib/stamp.mjs";
import { progressOf } from "../../tools/lib/steps.mjs";
import { openPage, withBrowser } from "./browser.mjs";
import { medianOf, TOLERANCE } from "./statistics.mjs";
import { table } from "./tables.mjs";

const TARGET = "wasm32-unknown-unknown";
const CRATE = path.join("bench", "fast-paths");
const FOLDER = path.join(".tools", "bench", "fast-paths");
const MODULE = path.join(FOLDER, "fast_paths.wasm");

/** The ways to compute a convolution, by their numbers in bench/fast-paths, and how far from the first each may be. */
export const PATHS = [
  { name: "direct", tolerance: TOLERANCE },
  { name: "im2col", tolerance: TOLERANCE },
  { name: "F(2x2)", tolerance: TOLERANCE },
  { name: "F(4x4)", tolerance: TOLERANCE },
  // Whole numbers of seven and eight bits.
  { name: "int8", tolerance: 0.05 },
  { name: "unfused", tolerance: TOLERANCE },
];

/** The kinds of convolutions in ResNet-18 and ResNet-50, by the side of their input where the image has 224 pixels. */
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
];
/** The image for which the sides of LAYERS are. */
export const USUAL_SIZE = 224;

/** Builds the kernels for the bench, unless they are up to date. */
export async function buildFastPaths(report) {
  const job = {
    name: "bench-fast-paths",
    inputs: [
      ...["rust-toolchain.toml", ".cargo/config.toml", "crates/kernels/src"],
      ...["Cargo.toml", "Cargo.lock", ".cargo", "src"].map((name) => path.join(CRATE, name)),
    ],
    outputs: [MODULE],
  };
  const built = await whenStale(job, report, async () => {
    const target = place(FOLDER, "target");
    const args = ["build", "--release", "--locked", "--target", TARGET, "--target-dir", target];
    // From its folder, where its flags are.
    await run("cargo", args, { cwd: place(CRATE), onLine: (line) => report(progressOf(line)) });
    copyFileSync(path.join(target, TARGET, "release", "fast_paths.wasm"), place(MODULE));
  });
  return built ? undefined : "up to date";
}

/** How much a path computes before it is measured, so that the browser has compiled it for good, in milliseconds. */
const WARM_UP = 300;
/** How long a measurement takes at least, in milliseconds: much longer than it takes to ask for it. */
const LONG_ENOUGH = 25;

/**
 * Times all paths for all layers of an image of this size, in turn: A B C, A B C. Returns each layer with the `paths` that can
 * compute it, and null for those that cannot.
 *
 * Times are of the processor, as the browser counts them for the page's thread: what else the machine does is not in them.
 */
export async function measureFastPaths({ server, size, rounds, report }) {
  return withBrowser(async (browser) => {
    const page = await openPage(browser, `${server.address}/bench/page/fast-paths.html`);
    await page.evaluate((module) => fastPaths.open(module), `/${MODULE.replaceAll(path.sep, "/")}`);
    const call = (name, ...args) =>
      page.evaluate(([name, args]) => fastPaths[name](...args), [name, args]);
    const milliseconds = await threadClock(page);
    const time = async (path, times) => {
      const start = await milliseconds();
      await call("run", path, times);
      return (await milliseconds()) - start;
    };

    const measured = [];
    for (const usual of LAYERS) {
      const layer = { ...usual, side: Math.ceil((usual.side * size) / USUAL_SIZE) };
      const { side, inputs, outputs, kernel, stride } = layer;
      report(nameOf(layer));
      await call("layer", side, inputs, outputs, kernel, stride);
      const field = [];
      for (const [path, { name }] of PATHS.entries()) {
        if (!(await call("prepare", path))) continue;
        field.push({ path, name, times: await timesFor(path, time), milliseconds: [] });
      }
      for (let round = 0; round < rounds; round++) {
        for (const { path, times, milliseconds } of field) {
          milliseconds.push((await time(path, times)) / times);
        }
      }
      for (const each of field) each.difference = await call("difference", each.path);
      const paths = PATHS.map((_, path) => field.find((each) => each.path === path));
      measured.push({ ...layer, paths: paths.map((each) => each && summaryOf(each, layer)) });
    }
    return measured;
  });
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
async function timesFor(path, time) {
  let times = 1;
  for (let spent = 0; spent < WARM_UP || (await time(path, times)) < LONG_ENOUGH; ) {
    const took = await time(path, times);
    spent += took;
    if (took < LONG_ENOUGH) times *= 2;
  }
  return times;
}

function summaryOf({ path, name, milliseconds, difference }, layer) {
  if (!(difference <= PATHS[path].tolerance)) {
    throw new Fault(`${name} is off by ${difference} for ${nameOf(layer)}: it computes wrong.`);
  }
  const [median, minimum] = [medianOf(milliseconds), Math.min(...milliseconds)];
  return { name, median, minimum, milliseconds, difference };
}

/** A Markdown table: the direct product's time, and each other path's as a part of it; medians, and minima in brackets. */
export function fastPathTable(layers) {
  const [, ...others] = PATHS;
  const head = ["layer", "direct", ...others.map(({ name }) => name)];
  const body = layers.map((layer) => {
    const [direct, ...paths] = layer.paths;
    const cells = paths.map((path) => {
      if (!path) return "";
      const [median, minimum] = ["median", "minimum"].map((of) =>
        (path[of] / direct[of]).toFixed(2),
      );
      return `${median} (${minimum})`;
    });
    return [nameOf(layer), `${direct.median.toFixed(2)} ms`, ...cells];
  });
  return table(head, body);
}

function nameOf({ side, inputs, outputs, kernel, stride }) {
  const strided = stride > 1 ? `, stride ${stride}` : "";
  return `${kernel}x${kernel}, ${inputs} to ${outputs}${strided}, ${side}x${side}`;
}
