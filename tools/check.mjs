import { command } from "./lib/command.mjs";
import { setUp } from "./lib/set-up.mjs";
import { chooseSteps } from "./lib/test-choice.mjs";
import { printVerdict, runSteps } from "./lib/test-run.mjs";
import { quickSteps, testSteps } from "./lib/test-steps.mjs";

const help = `
Checks formatting, lints and types, and runs the unit tests: what ought to pass before a commit, in less than two minutes
where the dependencies are compiled. Nothing is built for the browser. \`npm test\` runs all tests.

  npm run check

  --help   show this text

The steps: ${quickSteps.join(", ")}.
`;

await command({
  help,
  main: async () => {
    const steps = chooseSteps(testSteps, quickSteps);
    await setUp();
    await runSteps(steps);
  },
  onFault: () => printVerdict({ passed: 0, failed: 1 }),
});
