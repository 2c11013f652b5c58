import { existsSync, readFileSync, rmSync } from "node:fs";
import { place } from "./places.mjs";
import { CommandFailed, run } from "./run.mjs";
import { progressOf } from "./steps.mjs";
import { withVerdict } from "./test-counts.mjs";

const NONE = { passed: 0, failed: 0, skipped: 0 };

/**
 * The kinds of work a test step does. Each makes a function that takes the step's `name`, the
 * function to `report` progress with, the `download` of the weights and the `words` for the test
 * runner, and returns the counts of tests, a `note` to show with them and the `failure` that ended a
 * test runner. What it throws makes the step one failed test.
 */

/** One test: the command succeeds. */
export function check(program, args, env) {
  return async ({ name, report }) => {
    await run(program, args, { env, log: logOf(name), onLine: (line) => report(progressOf(line)) });
    return { ...NONE, passed: 1 };
  };
}

/** One test: `make` comes to its end. It may return a note. */
export function making(make) {
  return async ({ report, download }) => {
    const note = await make(report, download);
    return { ...NONE, passed: 1, note };
  };
}

/**
 * As many tests as `count` finds in the output of a test runner, after what has to come `before`.
 *
 * @param args takes the words that choose among the runner's tests, none for all of them, and returns the arguments
 */
export function tests(program, args, { count, env, before = [], isBehind = false }) {
  const work = async ({ name, report, words = [] }) => {
    for (const ensure of before) await ensure(report);
    rmSync(reportOf(name), { force: true });
    const options = { env, isBehind, log: logOf(name), onLine: (line) => report(progressOf(line)) };
    const { output, failure } = await ending(run(program, args(words), options));
    return { ...withVerdict(count(output), !failure), failure };
  };
  return Object.assign(work, { args });
}

/** Whether words can choose among the tests of a step. */
export const takesWords = ({ work }) => work?.args !== undefined;

/** A `count` for tests(): reads the report that the step's test runner wrote. */
export function fromReport(name, count) {
  return () => (existsSync(reportOf(name)) ? count(readFileSync(reportOf(name), "utf8")) : NONE);
}

/** Where the test runner of a step is to write its JSON report. */
export const reportOf = (name) => place("target", "test-logs", `${name}.json`);

/** Where a step's whole output is kept. */
export const logOf = (name) => place("target", "test-logs", `${name}.log`);

async function ending(running) {
  try {
    return { output: await running };
  } catch (failure) {
    if (failure instanceof CommandFailed) return { output: failure.output, failure };
    throw failure;
  }
}
