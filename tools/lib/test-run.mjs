import { existsSync, rmSync } from "node:fs";
import { Fault } from "./fault.mjs";
import { step } from "./steps.mjs";
import { total } from "./test-counts.mjs";
import { logOf } from "./test-kinds.mjs";

const ONE_FAILURE = { passed: 0, failed: 1, skipped: 0 };

/**
 * Runs test steps, whatever fails on the way, prints how each went, and ends with the verdict.
 *
 * @param steps as chooseSteps() returns them
 * @param download of the weights, for the step that makes them
 */
export async function runSteps(steps, download) {
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

/** The last line: what scripts read. */
export function printVerdict({ passed, failed }) {
  console.log(`\n${passed} passed, ${failed} failed`);
}

/** Runs one step, prints how it went, and returns its counts. */
async function outcome({ name, about, needs = [], work, words }, results, download) {
  const broken = needs.find((needed) => results.get(needed).failed > 0);
  if (broken) {
    console.log(`✗ ${name}: not run, because ${broken} failed`);
    return ONE_FAILURE;
  }
  let counts = ONE_FAILURE;
  rmSync(logOf(name), { force: true });
  try {
    await step(`${name}: ${about}`, async (report) => {
      counts = await work({ name, report, download, words });
      if (counts.failed > 0) throw counts.failure ?? new Fault(noTest(words));
      return counts.note ?? `${counts.passed} passed`;
    });
  } catch (error) {
    console.log(`\n${error instanceof Fault ? error.message : error.stack}`);
    if (existsSync(logOf(name))) console.log(`The whole output is in ${logOf(name)}.\n`);
  }
  return counts;
}

function noTest(words) {
  return words.length > 0 ? `No test was found for ${words.join(" ")}.` : "No test was found.";
}
