import { command } from "../tools/lib/command.mjs";
import { step } from "../tools/lib/steps.mjs";
import { contenders } from "./lib/contenders.mjs";
import { speedInNode } from "./lib/in-node.mjs";
import { ensureModel, modelNames, models } from "./lib/models.mjs";
import { numbersIn } from "./lib/options.mjs";
import { writeRecord } from "./lib/record.mjs";
import { withServer } from "./lib/server.mjs";
import { speedOfFamily } from "./lib/speed.mjs";
import { familyTable } from "./lib/tables.mjs";

const names = modelNames(undefined, true);

const help = `
Times networks of the family beside each other in the CPU modules that have been built, interleaved, at
224x224, by the clock in headless Chromium or by the processor's time in Node, and says what multiple of
the first network's time each of the others takes in the same module. Run \`npm run build\` first.

  npm run bench:family [-- options]

  --models NAMES    of ${Object.keys(models).join(", ")}; separated by commas
                    (${names.join(", ")})
  --runs COUNT      measured runs of each, after 3 warm-ups (15)
  --node            in Node, on one thread: a busy machine disturbs it less
  --threads         also on as many threads as there are processors
  --only TEXT       only modules whose name contains this; can be repeated
  --json FILE       also write the results there (besides bench/results)
  --help            show this text
`;

const options = {
  models: { type: "string" },
  runs: { type: "string", default: "15" },
  node: { type: "boolean" },
  threads: { type: "boolean" },
  only: { type: "string", multiple: true },
  json: { type: "string" },
};

await command({ help, options, main });

async function main({ models: chosen, runs: count, node = false, threads, only, json }) {
  const [runs] = numbersIn("runs", count);
  const family = modelNames(chosen, true);
  const modules = contenders({ threads: threads && !node, only }).filter(
    ({ runner }) => runner === "ours",
  );
  for (const name of family) await step(models[name].title, (report) => ensureModel(name, report));
  const results = [];
  for (const module of modules) {
    let rows;
    await step(module.name, async (report) => {
      rows = node
        ? await speedInNode(module, family, { runs, report })
        : await withServer((server) => speedOfFamily(module, family, { server, runs, report }));
    });
    console.log(`\n${familyTable(rows)}\n`);
    results.push({ module: module.name, rows });
  }
  writeRecord("family", { node, runs, results }, json);
}
