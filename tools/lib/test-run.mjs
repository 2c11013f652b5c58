import { existsSync, rmSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { Fault } from "./fault.mjs";
import { say, step } from "./steps.mjs";
import { total } from "./test-counts.mjs";
import { logOf } from "./test-kinds.mjs";

const ONE_FAILURE = { passed: 0, failed: 1, skipped: 0 };

/**
 * Runs all test steps, also after a failure, prints the outcome of each, and ends with the verdict. Two queues run at the same
 * time, each in order: the steps that may run `beside` others, and all others.
 *
 * @param steps as chooseSteps() returns them
 * @param download of the weights, for the step that makes them
 */
export async function runSteps(steps, download) {
  const results = new Map();
  const ends = new Map();
  const lastOf = { true: undefined, false: undefined };
  for (const testStep of steps) {
    const { name, needs = [], after = [], beside = false } = testStep;
    const before = [lastOf[beside], ...[...needs, ...after].map((earlier) => ends.get(earlier))];
    const end = Promise.all(before).then(async () => {
      const start = performance.now();
      const counts = await outcome(testStep, results, download);
      results.set(name, { ...counts, seconds: (performance.now() - start) / 1000 });
    });
    ends.set(name, end);
    lastOf[beside] = end;
  }
  await Promise.all(ends.values());
  console.log(`\n${"step".padEnd(12)} passed  failed  skipped  seconds`);
  for (const { name } of steps) {
    const { passed, failed, skipped, seconds } = results.get(name);
    const figures = [passed, failed, skipped].map((count) => String(count).padStart(7));
    console.log(`${name.padEnd(11)}${figures.join(" ")}  ${seconds.toFixed(1).padStart(7)}`);
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
    say(`✗ ${name}: not run, because ${broken} failed`);
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
    say(`\n${error instanceof Fault ? error.message : error.stack}`);
    if (existsSync(logOf(name))) say(`The whole output is in ${logOf(name)}.\n`);
  }
  return counts;
}

function noTest(words) {
  return words.length > 0 ? `No test was found for ${words.join(" ")}.` : "No test was found.";
}
