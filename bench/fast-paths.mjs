import { availableParallelism } from "node:os";
import { command } from "../tools/lib/command.mjs";
import { step } from "../tools/lib/steps.mjs";
import {
  buildFastPaths,
  fastPathTable,
  measureFastPaths,
  measureThreads,
  threadTable,
  USUAL_SIZE,
} from "./lib/fast-paths.mjs";
import { numbersIn } from "./lib/options.mjs";
import { writeRecord } from "./lib/record.mjs";
import { withServer } from "./lib/server.mjs";

const help = `
Times each kind of convolution in ResNet-18, ResNet-50 and ResNeXt-50 on every path that the CPU's kernels have for
it, in headless Chromium, on one thread, with relaxed SIMD. Paths are interleaved, and weights come from
memory, as in a network. Times are processor time, which a busy machine disturbs less. The direct
product's is in milliseconds, the others are relative to it: medians, and minima in brackets.
docs/cpu-fast-paths.md interprets the results.

  npm run bench:fast-paths [-- options]

  --threads       instead, how many times as fast each path is on as many threads as there are
                  processors; by the clock, so nothing else may run
  --runs COUNT    measured runs of each (15)
  --only TEXT     only layers whose name contains this
  --size PIXELS   height and width of the image (${USUAL_SIZE})
  --json FILE     also write the results there (besides bench/results)
  --help          show this text
`;

const options = {
  threads: { type: "boolean" },
  runs: { type: "string" },
  only: { type: "string" },
  size: { type: "string" },
  json: { type: "string" },
};

await command({ help, options, main });

async function main(chosen) {
  const { threads, only, runs = "15", size: sizeText = String(USUAL_SIZE), json } = chosen;
  const [rounds] = numbersIn("runs", runs);
  const [size] = numbersIn("size", sizeText);
  const build = threads ? "threads" : "single";
  await step("the kernels, for the bench", (report) => buildFastPaths(build, report));
  const count = threads ? availableParallelism() : 1;
  let layers;
  await step(`fast paths at ${size}x${size}`, async (report) => {
    const measure = threads ? measureThreads : measureFastPaths;
    layers = await withServer((server) =>
      measure({ server, size, only, rounds, threads: count, report }),
    );
  });
  console.log(`\n${threads ? threadTable(layers) : fastPathTable(layers)}\n`);
  writeRecord("fast-paths", { size, rounds, threads: count, layers }, json);
}
