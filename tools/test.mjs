import { existsSync, rmSync } from "node:fs";
import { command } from "./lib/command.mjs";
import { WeightsDownload } from "./lib/default-weights.mjs";
import { Fault } from "./lib/fault.mjs";
import { setUp } from "./lib/set-up.mjs";
import { step } from "./lib/steps.mjs";
import { total } from "./lib/test-counts.mjs";
import { logOf } from "./lib/test-kinds.mjs";
import { stepsFor, testSteps } from "./lib/test-steps.mjs";

const help = `
Installs what the tests need and runs all of them, whatever fails on the way.

  npm test [-- options]

  --only <step>   run this step and what it depends on; may be given more than once
  --list          list the steps
  --help          show this text
`;

const options = {
  only: { type: "string", multiple: true },
  list: { type: "boolean" },
};

await command({ help, options, main: test, onFault: () => printVerdict({ passed: 0, failed: 1 }) });

async function test({ only, list }) {
  if (list) {
    for (const { name, about } of testSteps) console.log(`${name.padEnd(12)} ${about}`);
    return;
  }
  const steps = only ? stepsFor(known(only)) : testSteps;
  await setUp();
  const download = new WeightsDownload();
  // While everything before it runs, the package can come in.
  if (steps.some(({ name }) => name === "weights")) download.startIfNeeded();

  const results = new Map();
  for (const testStep of steps) {
    results.set(testStep.name, await outcome(testStep, results, download));
  }

  console.log(`\n${"step".padEnd(12)} passed  failed  skipped`);
  for (const [name, { passed, failed, skipped }] of results) {
    const figures = [passed, failed, skipped].map((count) => String(count).padStart(7));
    console.log(`${name.padEnd(11)}${figures.join(" ")}`);
  }
  const all = total([...results.values()]);
  if (all.failed > 0) process.exitCode = 1;
  printVerdict(all);
}

/** Runs one step, prints how it went, and returns its counts. */
async function outcome({ name, about, needs = [], work }, results, download) {
  const oneFailure = { passed: 0, failed: 1, skipped: 0 };
  const broken = needs.find((needed) => results.get(needed).failed > 0);
  if (broken) {
    console.log(`✗ ${name}: not run, because ${broken} failed`);
    return oneFailure;
  }
  let counts = oneFailure;
  rmSync(logOf(name), { force: true });
  try {
    await step(`${name}: ${about}`, async (report) => {
      counts = await work({ name, report, download });
      if (counts.failed > 0) throw counts.failure ?? new Fault("No test was found.");
      return counts.note ?? `${counts.passed} passed`;
    });
  } catch (error) {
    console.log(`\n${error instanceof Fault ? error.message : error.stack}`);
    if (existsSync(logOf(name))) console.log(`The whole output is in ${logOf(name)}.\n`);
  }
  return counts;
}

function known(names) {
  for (const name of names) {
    if (testSteps.some((testStep) => testStep.name === name)) continue;
    throw new Fault(`There is no test step "${name}"; --list shows those there are.`);
  }
  return names;
}

/** The last line: what scripts read. */
function printVerdict({ passed, failed }) {
  console.log(`\n${passed} passed, ${failed} failed`);
}
