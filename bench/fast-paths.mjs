import { command } from "../tools/lib/command.mjs";
import { step } from "../tools/lib/steps.mjs";
import { buildFastPaths, fastPathTable, measureFastPaths, USUAL_SIZE } from "./lib/fast-paths.mjs";
import { numbersIn } from "./lib/options.mjs";
import { writeRecord } from "./lib/record.mjs";
import { withServer } from "./lib/server.mjs";

const help = `
Times each kind of convolution in ResNet-18 and ResNet-50 on every path that the CPU's kernels have for
it, in headless Chromium, on one thread, with relaxed SIMD. Paths are interleaved, and weights come from
memory, as in a network. Times are processor time, which a busy machine disturbs less. The direct
product's is in milliseconds, the others are relative to it: medians, and minima in brackets.
docs/cpu-fast-paths.md interprets the results.

  npm run bench:fast-paths [-- options]

  --runs COUNT    measured runs of each (15)
  --size PIXELS   height and width of the image (${USUAL_SIZE})
  --json FILE     also write the results there (besides bench/results)
  --help          show this text
`;

const options = {
  runs: { type: "string" },
  size: { type: "string" },
  json: { type: "string" },
};

await command({ help, options, main });

async function main({ runs: runsText = "15", size: sizeText = String(USUAL_SIZE), json }) {
  const [rounds] = numbersIn("runs", runsText);
  const [size] = numbersIn("size", sizeText);
  await step("the kernels, for the bench", buildFastPaths);
  let layers;
  await step(`fast paths at ${size}x${size}`, async (report) => {
    layers = await withServer((server) => measureFastPaths({ server, size, rounds, report }));
  });
  console.log(`\n${fastPathTable(layers)}\n`);
  writeRecord("fast-paths", { size, rounds, layers }, json);
}
