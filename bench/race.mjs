import { command } from "../tools/lib/command.mjs";
import { step } from "../tools/lib/steps.mjs";
import { coldStartOf } from "./lib/cold.mjs";
import { contenders } from "./lib/contenders.mjs";
import { ensureModel, filesOf, modelNames, models } from "./lib/models.mjs";
import { numbersIn } from "./lib/options.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { writeRecord } from "./lib/record.mjs";
import { ensureRten } from "./lib/rten.mjs";
import { withServer } from "./lib/server.mjs";
import { speedOf } from "./lib/speed.mjs";
import { coldTable, speedTable, sweepTable } from "./lib/tables.mjs";

const help = `
Races the CPU module against onnxruntime-web, rten and TensorFlow.js (XNNPACK) in headless Chromium:
the same weights in f32, each in its own worker, interleaved runs. Fails if they do not compute the
same. Run \`npm run build\` and \`node tools/weights.mjs\` first.

  npm run bench [-- options]

  --models NAMES    of ${Object.keys(models).join(", ")}; separated by commas (all)
  --runs COUNT      measured runs of each, after 3 warm-ups (15), or visits with --cold (5)
  --sizes LIST      height and width of the input, such as 160,224,320,448 (224)
  --batches LIST    images per run, such as 1,4,16 (1); for several sizes or batches it also prints
                    one table of all
  --threads         also contenders on as many threads as there are processors
  --gpu             instead, contenders on WebGPU
  --only TEXT       only contenders whose name contains this; can be repeated
  --cold            instead, the time from navigation to the first result in an empty profile, and
                    the memory it takes
  --json FILE       also write the results there (besides bench/results)
  --help            show this text
`;

const options = {
  models: { type: "string" },
  runs: { type: "string" },
  sizes: { type: "string" },
  batches: { type: "string" },
  threads: { type: "boolean" },
  gpu: { type: "boolean" },
  only: { type: "string", multiple: true },
  cold: { type: "boolean" },
  json: { type: "string" },
};
const CHANNELS = 3;

await command({ help, options, main });

async function main(chosen) {
  const { cold = false, threads, gpu, only, json } = chosen;
  const names = modelNames(chosen.models);
  const [runs] = numbersIn("runs", chosen.runs ?? (cold ? "5" : "15"));
  const sizes = numbersIn("sizes", chosen.sizes ?? "224");
  const batches = numbersIn("batches", chosen.batches ?? "1");
  const field = contenders({ threads, gpu, only });

  await step("contenders", ensurePackages);
  if (field.some(({ runner }) => runner === "rten")) await step("rten", ensureRten);
  for (const name of names) await step(models[name].title, (report) => ensureModel(name, report));
  const results = await withServer(async (server) => {
    const results = [];
    for (const heat of heatsOf(names, sizes, batches)) {
      const rows = await measure({ ...heat, field, server, runs, cold });
      results.push({ ...heat, contenders: rows });
    }
    return results;
  });
  if (sizes.length * batches.length > 1) {
    for (const name of names) {
      const heats = results.filter(({ model }) => model === name);
      console.log(`\n${models[name].title}\n\n${sweepTable(heats)}\n`);
    }
  }
  writeRecord(cold ? "cold" : "race", { runs, results }, json);
}

/** Every model with every size and batch. */
function heatsOf(names, sizes, batches) {
  return names.flatMap((name) =>
    sizes.flatMap((size) => batches.map((batch) => ({ model: name, size, batch }))),
  );
}

/** Measures all contenders on one model, prints their table and returns its rows. */
async function measure({ model: name, size, batch, field, server, runs, cold }) {
  const model = { files: filesOf(name), size, batch, channels: CHANNELS };
  const measured = cold ? coldStartOf : speedOf;
  let rows;
  await step(`${models[name].title}, ${size}x${size}, batch ${batch}`, async (report) => {
    rows = await measured(field, { server, model, runs, report });
  });
  console.log(`\n${cold ? coldTable(rows) : speedTable(rows)}\n`);
  return rows;
}
