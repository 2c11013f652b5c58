import { command } from "./lib/command.mjs";
import { WeightsDownload } from "./lib/default-weights.mjs";
import { setUp } from "./lib/set-up.mjs";
import { chooseSteps } from "./lib/test-choice.mjs";
import { printVerdict, runSteps } from "./lib/test-run.mjs";
import { testSteps } from "./lib/test-steps.mjs";

const help = `
Installs what the tests need and runs all of them, whatever fails on the way.

  npm test [-- options [-- words for the test runner]]

  --only <step>   run this step and what it needs; may be given more than once
  --list          list the steps
  --help          show this text

Words after a second -- choose among the tests of the step that --only names, as its runner expects them:

  npm test -- --only native -- golden            names of Rust tests, or parts of them; the same for wasm
  npm test -- --only vitest -- www/app -t camera   files of Vitest, and -t for names
  npm test -- --only page -- -g camera           files or -g for names, as Playwright has them
  npm test -- --only tools -- stamp              parts of the names of files in tests/tools
`;

const options = {
  only: { type: "string", multiple: true },
  list: { type: "boolean" },
};

await command({
  help,
  options,
  passesOn: true,
  main: test,
  onFault: () => printVerdict({ passed: 0, failed: 1 }),
});

async function test({ only, list }, words) {
  if (list) {
    for (const { name, about } of testSteps) console.log(`${name.padEnd(12)} ${about}`);
    return;
  }
  const steps = chooseSteps(testSteps, only, words);
  await setUp();
  const download = new WeightsDownload();
  // While everything before it runs, the package can come in.
  if (steps.some(({ name }) => name === "weights")) download.startIfNeeded();
  await runSteps(steps, download);
}
