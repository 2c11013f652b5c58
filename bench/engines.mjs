import { availableParallelism } from "node:os";
import { ensureBrowser } from "../tools/lib/browser.mjs";
import { command } from "../tools/lib/command.mjs";
import { step } from "../tools/lib/steps.mjs";
import { engines, timesIn } from "./lib/engines.mjs";
import { numbersIn } from "./lib/options.mjs";
import { writeRecord } from "./lib/record.mjs";
import { enginesTable } from "./lib/tables.mjs";

const help = `
Times the network in the built page in Chromium, Firefox and WebKitGTK: the default weights (ResNet-50), the
two samples in turn, in f32 on the CPU, all engines interleaved, and says which wasm module each of them
takes. Run \`npm run build\` and \`node tools/weights.mjs\` first.

  npm run bench:engines [-- options]

  --engines LIST    of ${engines.join(", ")}; separated by commas (all)
  --threads LIST    how many threads (1 and as many as there are processors)
  --runs COUNT      measured runs of each, after 3 warm-ups (15)
  --json FILE       also write the results there (besides bench/results)
  --help            show this text
`;

const options = {
  engines: { type: "string", default: engines.join(",") },
  threads: { type: "string", default: `1,${availableParallelism()}` },
  runs: { type: "string", default: "15" },
  json: { type: "string" },
};

await command({ help, options, main });

async function main({ engines, threads, runs, json }) {
  const [count] = numbersIn("runs", runs);
  const names = engines.split(",");
  for (const name of names) await step(name, ensureBrowser(name));
  const results = [];
  for (const number of new Set(numbersIn("threads", threads))) {
    await step(`threads: ${number}`, async (report) => {
      results.push(...(await timesIn(names, { threads: number, runs: count, report })));
    });
  }
  console.log(`\n${enginesTable(results)}\n`);
  writeRecord("engines", { runs: count, results }, json);
}
