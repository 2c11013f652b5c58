import { command } from "./lib/command.mjs";
import { ensureWeights } from "./lib/default-weights.mjs";
import { buildPackage } from "./lib/package.mjs";
import { setUp } from "./lib/set-up.mjs";
import { step } from "./lib/steps.mjs";
import { buildModule, CONVERTER, forModules, modules } from "./lib/wasm-module.mjs";

const help = `
Builds what \`npm pack\` packs: the npm package resnet-web, in package/, with the page and the default weights. What is up to
date is left alone.

  npm run package

  --help   show this text
`;

await command({ help, main: makePackage });

async function makePackage() {
  await setUp();
  await forModules([...Object.keys(modules), CONVERTER], (name) =>
    step(`wasm module ${name}`, async (report) => buildModule(name, report)),
  );
  await step("default weights", ensureWeights);
  await step("package", buildPackage);
}
