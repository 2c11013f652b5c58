import assert from "node:assert/strict";
import { test } from "node:test";
import { runSteps } from "../../tools/lib/test-run.mjs";

const PASSED = { passed: 1, failed: 0, skipped: 0 };

/** Runs steps that take some `turns` of the event loop, and returns what began and ended, in order. */
async function running(t, steps, failing = []) {
  t.mock.method(console, "log", () => {});
  const { exitCode } = process;
  const happened = [];
  await runSteps(
    steps.map((step) => ({
      about: "",
      words: [],
      ...step,
      work: async ({ name }) => {
        happened.push(`${name} begins`);
        for (let turn = 0; turn < (step.turns ?? 1); turn += 1) await new Promise(setImmediate);
        happened.push(`${name} ends`);
        return failing.includes(name) ? { ...PASSED, passed: 0, failed: 1 } : PASSED;
      },
    })),
  );
  process.exitCode = exitCode;
  return happened;
}

const comesBefore = (happened, one, other) => happened.indexOf(one) < happened.indexOf(other);

test("steps run one after the other", async (t) => {
  const happened = await running(t, [{ name: "a" }, { name: "b" }]);
  assert.deepEqual(happened, ["a begins", "a ends", "b begins", "b ends"]);
});

test("a step beside others does not hold them up", async (t) => {
  const happened = await running(t, [
    { name: "long", beside: true, turns: 50 },
    { name: "a" },
    { name: "b" },
  ]);
  assert.equal(comesBefore(happened, "b ends", "long ends"), true, happened.join(", "));
});

test("steps beside others run one after the other among themselves", async (t) => {
  const beside = true;
  const happened = await running(t, [
    { name: "a", beside, turns: 9 },
    { name: "b", beside },
  ]);
  assert.equal(comesBefore(happened, "a ends", "b begins"), true, happened.join(", "));
});

for (const relation of ["needs", "after"]) {
  test(`a step beside others waits for what it ${relation}`, async (t) => {
    const happened = await running(t, [
      { name: "build", turns: 9 },
      { name: "visits", beside: true, [relation]: ["build"] },
    ]);
    assert.equal(comesBefore(happened, "build ends", "visits begins"), true, happened.join(", "));
  });
}

test("a step that comes after one that is not asked for runs", async (t) => {
  assert.deepEqual(await running(t, [{ name: "a", after: ["weights"] }]), ["a begins", "a ends"]);
});

test("what needs a step that failed does not run, what comes after it does", async (t) => {
  const steps = [
    { name: "build" },
    { name: "page", needs: ["build"] },
    { name: "unit", after: ["build"] },
  ];
  const happened = await running(t, steps, ["build"]);
  assert.deepEqual(happened, ["build begins", "build ends", "unit begins", "unit ends"]);
});
