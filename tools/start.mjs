import { command } from "./lib/command.mjs";
import { ensureWeights, WeightsDownload } from "./lib/default-weights.mjs";
import { Fault } from "./lib/fault.mjs";
import { buildPage } from "./lib/page.mjs";
import { buildRest } from "./lib/rest.mjs";
import { serve } from "./lib/serve.mjs";
import { setUp } from "./lib/set-up.mjs";
import { sinceStart, step } from "./lib/steps.mjs";
import { buildModule, forModules, isModuleBuilt, modules } from "./lib/wasm-module.mjs";

const help = `
Installs what is missing, builds, and serves the page. What is up to date is left alone.

The page is served as soon as it has one wasm module. The others, for more threads, WebGPU and browsers without relaxed SIMD,
are built behind it: the terminal and the page say when a reload brings one.

  npm start [-- options]

  --port <number>   serve on this port, or the next free one (4173)
  --no-serve        build everything, and stop
  --help            show this text
`;

/** The module that almost all browsers run. */
const FIRST = "cpu-relaxed";

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
  await forModules(noServe ? Object.keys(modules) : [FIRST], (name) =>
    step(`wasm module ${name}`, (report) => buildModule(name, report)),
  );
  await step("default weights", (report) => ensureWeights(report, fetching));
  const without = Object.keys(modules).filter((name) => !isModuleBuilt(name));
  await step("page", (report) => buildPage(report, { without }));
  if (noServe) return;
  const address = await serve(Number(port));
  console.log(`\n  The page is at ${address} (after ${sinceStart()})\n  Ctrl-C stops it.\n`);
  if (without.length === 0) return;
  console.log(`  Built behind it, and then used at the next reload: ${without.join(", ")}\n`);
  await buildRest(without);
}
