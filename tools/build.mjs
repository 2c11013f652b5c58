import { command } from "./lib/command.mjs";
import { Fault } from "./lib/fault.mjs";
import { buildPage } from "./lib/page.mjs";
import { setUp } from "./lib/set-up.mjs";
import { step } from "./lib/steps.mjs";
import { buildModule, CONVERTER, forModules, modules } from "./lib/wasm-module.mjs";
import { keepTypes } from "./lib/wasm-types.mjs";

const MODULES = [...Object.keys(modules), CONVERTER];

const help = `
Builds the wasm modules (www/wasm/) and then the page (dist/). What is up to date is left alone.

  npm run build [-- options]

  --only ${MODULES.join("|")}   build this wasm module only, and not the page
  --help              show this text
`;

await command({ help, options: { only: { type: "string" } }, main: build });

async function build({ only }) {
  if (only && !MODULES.includes(only)) {
    throw new Fault(`There is no wasm module "${only}"; choose ${MODULES.join(", ")}.`);
  }
  await setUp();
  const names = only ? [only] : MODULES;
  await forModules(names, (name) =>
    step(`wasm module ${name}`, async (report) => {
      const note = await buildModule(name, report);
      return keepTypes(name) ?? note;
    }),
  );
  if (!only) await step("page", buildPage);
}
