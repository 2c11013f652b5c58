/** How many tests a test runner says passed, failed and were left out. */

/** From what cargo prints: one "test result" line for each test binary. wasm-pack prints the same. */
export function cargoCounts(output) {
  const results = output.matchAll(/^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm);
  return total([...results].map(([, passed, failed, skipped]) => ({ passed, failed, skipped })));
}

/** From Node's own test runner, which sums up at the end: "ℹ pass 12". */
export function nodeCounts(output) {
  const sum = (word) => output.match(new RegExp(`^ℹ ${word} (\\d+)$`, "m"))?.[1] ?? 0;
  return total([{ passed: sum("pass"), failed: sum("fail"), skipped: sum("skipped") }]);
}

/** From Vitest's JSON report. */
export function vitestCounts(report) {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(report);
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
}

/** From Playwright's JSON report; a test that passed only when repeated has passed. */
export function playwrightCounts(report) {
  const { expected, flaky, unexpected, skipped } = JSON.parse(report).stats;
  return { passed: expected + flaky, failed: unexpected, skipped };
}

/** The sum of several counts. */
export function total(counts) {
  const sum = (key) => counts.reduce((soFar, count) => soFar + Number(count[key]), 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

/**
 * The counts with the runner's own verdict taken into account: one that ended badly without
 * reporting a failed test, or that found no test at all, is one failure.
 */
export function withVerdict(counts, endedWell) {
  const silentFailure = !endedWell && counts.failed === 0;
  const nothingRun = counts.passed + counts.failed === 0;
  return silentFailure || nothingRun ? { ...counts, failed: counts.failed + 1 } : counts;
}
