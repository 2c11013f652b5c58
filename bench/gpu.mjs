import { existsSync } from "node:fs";
import { command } from "../tools/lib/command.mjs";
import { Fault } from "../tools/lib/fault.mjs";
import { place } from "../tools/lib/places.mjs";
import { digest } from "../tools/lib/stamp.mjs";
import { step } from "../tools/lib/steps.mjs";
import { modules } from "../tools/lib/wasm-module.mjs";
import { contenders } from "./lib/contenders.mjs";
import { ensureModel, filesOf, modelNames, models } from "./lib/models.mjs";
import { numbersIn } from "./lib/options.mjs";
import { ensurePackages, packageVersions } from "./lib/packages.mjs";
import { withServer } from "./lib/server.mjs";

const help = `
Serves a page that races the GPU module against onnxruntime-web and TensorFlow.js on WebGPU in the
browser that opens it: the same weights in f32, interleaved runs. Run \`npm run build\` and
\`node tools/weights.mjs\` first.

  npm run bench:gpu [-- options]

  --models NAMES    of ${Object.keys(models).join(", ")}; separated by commas (all)
  --port NUMBER     serve on this port (4190)
  --help            show this text

Browsers offer WebGPU on localhost and over HTTPS only. A phone on a cable reaches the page by
\`adb reverse tcp:4190 tcp:4190\`.
`;

const options = {
  models: { type: "string" },
  port: { type: "string", default: "4190" },
};
/** One image of the size that the networks were trained on. */
const INPUT = { size: 224, batch: 1, channels: 3 };

await command({ help, options, main });

async function main(chosen) {
  const names = modelNames(chosen.models);
  const [port] = numbersIn("port", chosen.port);
  const missing = Object.keys(modules).find((name) => !existsSync(place("www", "wasm", name)));
  if (missing) throw new Fault(`The module ${missing} is not here; run \`npm run build\` first.`);
  await step("contenders", ensurePackages);
  for (const name of names) await step(models[name].title, (report) => ensureModel(name, report));
  const texts = { "bench/field.json": JSON.stringify(fieldOf(names)) };
  await withServer(
    ({ address }) => {
      console.log(`\n  The page is at ${address}/bench/gpu.html\n  Ctrl-C stops it.\n`);
      return new Promise(() => {});
    },
    { port, texts },
  );
}

/** The contenders and what they run on, which the page cannot find out by itself. */
function fieldOf(names) {
  return {
    models: names.map((name) => ({
      name,
      title: models[name].title,
      files: filesOf(name),
      ...INPUT,
    })),
    contenders: contenders({ gpu: true }),
    versions: {
      // Our own version: results are compared long after they were measured.
      "resnet-web's GPU module": digest([place("www", "wasm", "webgpu")]).slice(0, 12),
      ...packageVersions(),
    },
  };
}
