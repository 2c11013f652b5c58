import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cargoCounts,
  nodeCounts,
  playwrightCounts,
  total,
  vitestCounts,
  withVerdict,
} from "../../tools/lib/test-counts.mjs";

test("cargo: the results of all test binaries are summed, doc tests included", () => {
  const output = `
running 3 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.51s

running 2 tests
test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests resnet_web
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 2.1s
`;
  assert.deepEqual(cargoCounts(output), { passed: 8, failed: 1, skipped: 1 });
});

test("wasm-pack: its results read as cargo's do, and a binary without tests says nothing", () => {
  const output = `
no tests to run!
running 2 tests
test golden_on_cpu ... ok

test result: ok. 2 passed; 0 failed; 0 ignored; 0 filtered out; finished in 31.20s
`;
  assert.deepEqual(cargoCounts(output), { passed: 2, failed: 0, skipped: 0 });
});

test("Node: the closing sums are read", () => {
  const output = "✔ pass 9 (1ms)\nℹ tests 5\nℹ pass 3\nℹ fail 1\nℹ cancelled 0\nℹ skipped 1\n";
  assert.deepEqual(nodeCounts(output), { passed: 3, failed: 1, skipped: 1 });
});

test("Vitest and Playwright: their JSON reports are read", () => {
  const vitest = JSON.stringify({ numPassedTests: 7, numFailedTests: 2, numPendingTests: 1 });
  assert.deepEqual(vitestCounts(vitest), { passed: 7, failed: 2, skipped: 1 });
  const playwright = { stats: { expected: 4, flaky: 1, unexpected: 2, skipped: 3 } };
  assert.deepEqual(playwrightCounts(JSON.stringify(playwright)), {
    passed: 5,
    failed: 2,
    skipped: 3,
  });
});

test("a runner that breaks without naming a failed test is a failure", () => {
  const counts = { passed: 3, failed: 0, skipped: 0 };
  assert.equal(withVerdict(counts, true).failed, 0);
  assert.equal(withVerdict(counts, false).failed, 1);
  assert.equal(withVerdict({ ...counts, failed: 2 }, false).failed, 2);
});

test("a runner that finds no test is a failure", () => {
  assert.equal(withVerdict(cargoCounts(""), true).failed, 1);
});

test("counts are summed as numbers", () => {
  const counts = [
    { passed: "2", failed: 1, skipped: 0 },
    { passed: 3, failed: "4", skipped: 0 },
  ];
  assert.deepEqual(total(counts), { passed: 5, failed: 5, skipped: 0 });
});
