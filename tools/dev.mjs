import { command } from "./lib/command.mjs";
import { ensureWeights, WeightsDownload } from "./lib/default-weights.mjs";
import { buildToWorkOn, serveModule } from "./lib/dev-server.mjs";
import { Fault } from "./lib/fault.mjs";
import { setUp } from "./lib/set-up.mjs";
import { step } from "./lib/steps.mjs";
import { modules } from "./lib/wasm-module.mjs";

const help = `
Serves the page to work on it: a saved file is in the page at once, Rust after seconds.

  npm run dev [-- options]

  --module ${Object.keys(modules).join("|")}
                    the wasm module that is built (cpu-relaxed); the page does without the others
  --port <number>   serve on this port, or the next free one (5173)
  --help            show this text
`;

const options = {
  module: { type: "string", default: "cpu-relaxed" },
  port: { type: "string", default: "5173" },
};

await command({ help, options, main: dev });

async function dev({ module: name, port }) {
  if (!(name in modules)) {
    throw new Fault(
      `There is no wasm module "${name}"; choose ${Object.keys(modules).join(", ")}.`,
    );
  }
  await setUp();
  const fetching = new WeightsDownload().startIfNeeded();
  await buildToWorkOn(name);
  await step("default weights", (report) => ensureWeights(report, fetching));
  const address = await serveModule(name, Number(port));
  console.log(`\n  The page is at ${address}\n  Ctrl-C stops it.\n`);
}
