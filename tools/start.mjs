import { command } from "./lib/command.mjs";
import { ensureWeights, WeightsDownload } from "./lib/default-weights.mjs";
import { Fault } from "./lib/fault.mjs";
import { buildPage } from "./lib/page.mjs";
import { serve } from "./lib/serve.mjs";
import { setUp } from "./lib/set-up.mjs";
import { step } from "./lib/steps.mjs";
import { buildModule, modules } from "./lib/wasm-module.mjs";

const help = `
Installs what is missing, builds everything, and serves the page. What is up to date is left alone.

  npm start [-- options]

  --port <number>   serve on this port, or the next free one (4173)
  --no-serve        stop when everything is built
  --help            show this text
`;

const options = {
  port: { type: "string", default: "4173" },
  "no-serve": { type: "boolean" },
};

await command({ help, options, main: start });

async function start({ port, "no-serve": noServe }) {
  if (!/^\d{1,5}$/.test(port))
    throw new Fault(`"${port}" is no port; give a number, as in --port 4173.`);
  await setUp();
  const fetching = new WeightsDownload().startIfNeeded();
  for (const name of Object.keys(modules)) {
    await step(`wasm module ${name}`, (report) => buildModule(name, report));
  }
  await step("default weights", (report) => ensureWeights(report, fetching));
  await step("page", buildPage);
  if (noServe) return;
  console.log(`\n  The page is at ${await serve(Number(port))}\n  Ctrl-C stops it.\n`);
}
