import { readFileSync } from "node:fs";
import { command } from "../tools/lib/command.mjs";
import { ensurePackagesOf } from "../tools/lib/node-packages.mjs";
import { place } from "../tools/lib/places.mjs";
import { step } from "../tools/lib/steps.mjs";
import { openDawn } from "./lib/dawn.mjs";
import { bytesOf, loadModule } from "./lib/in-node.mjs";
import { ensureModel, filesOf, modelNames, models } from "./lib/models.mjs";
import { numbersIn } from "./lib/options.mjs";
import { differenceOf, medianOf } from "./lib/statistics.mjs";
import { syntheticInput } from "./lib/synthetic.mjs";
import { table } from "./lib/tables.mjs";

const help = `
Runs the GPU module outside a browser, on Dawn, Chromium's WebGPU, with any driver that this machine has:
f16, if its adapter has \`shader-f16\`, and f32, interleaved. Both are compared with the CPU's logits. Run
\`npm run build\` and \`node tools/weights.mjs\` first.

  npm run bench:dawn [-- options]

  --models NAMES    of ${Object.keys(models).join(", ")}; separated by commas (all)
  --backend NAME    vulkan, metal or d3d12 (vulkan)
  --runs COUNT      measured runs of each, after one warm-up (5)
  --help            show this text

Vulkan's loader takes its driver from VK_ICD_FILENAMES. Mesa's lavapipe, from 25.0 on, has \`shader-f16\`
and needs no GPU.
`;

const options = {
  models: { type: "string" },
  backend: { type: "string", default: "vulkan" },
  runs: { type: "string", default: "5" },
};

await command({ help, options, main });

async function main(chosen) {
  const names = modelNames(chosen.models);
  const [runs] = numbersIn("runs", chosen.runs);
  await step("Dawn", (report) => ensurePackagesOf("bench/dawn", report));
  for (const name of names) await step(models[name].title, (report) => ensureModel(name, report));
  const dawn = await openDawn(chosen.backend);
  const { Engine } = await loadModule("www/wasm/webgpu");
  const cpu = await Engine.open("cpu", false);
  const engines = [];
  for (const hidesF16 of [false, true]) {
    dawn.hidesF16 = hidesF16;
    const engine = await Engine.open("webgpu", true);
    if (engines.every(({ report }) => report.number !== engine.report.number)) engines.push(engine);
  }
  const rows = [];
  for (const name of names) rows.push(...(await race(name, engines, cpu, runs)));
  const head = [
    "",
    "stored as",
    "median",
    "of f32's",
    "on the GPU",
    "logits off by",
    "self-check off by",
  ];
  console.log(`\n${engines[0].report.name}\n\n${table(head, rows)}\n`);
  // Dawn's threads would keep the process alive.
  process.exit();
}

/** A row for each engine, interleaved; the logits are compared with the CPU's. */
async function race(name, engines, cpu, runs) {
  const weights = bytesOf(readFileSync(place(filesOf(name).safetensors.slice(1))));
  const load = (engine) => engine.load(weights);
  const onCpu = load(cpu);
  const input = syntheticInput(onCpu.info.inputShape);
  const expected = await onCpu.logits(input);
  onCpu.free();
  const racers = engines.map((engine) => ({ engine, model: load(engine), milliseconds: [] }));
  for (let run = 0; run <= runs; run++) {
    for (const racer of racers) {
      const start = performance.now();
      racer.logits = await racer.model.logits(input);
      if (run > 0) racer.milliseconds.push(performance.now() - start);
    }
  }
  const f32 = medianOf(racers.at(-1).milliseconds);
  return racers.map(({ engine, model, milliseconds, logits }) => {
    const median = medianOf(milliseconds);
    const { number, selfCheck } = engine.report;
    const { bytes } = model.info.onGpu;
    model.free();
    return [
      models[name].title,
      number,
      `${median.toFixed(1)} ms`,
      (median / f32).toFixed(2),
      `${(bytes / 1e6).toFixed(1)} MB`,
      differenceOf(logits, expected).toExponential(1),
      selfCheck.worstError.toExponential(1),
    ];
  });
}
