import assert from "node:assert/strict";
import { test } from "node:test";
import { place } from "../../tools/lib/places.mjs";
import { chooseSteps } from "../../tools/lib/test-choice.mjs";
import { check, tests } from "../../tools/lib/test-kinds.mjs";
import { quickSteps, testSteps } from "../../tools/lib/test-steps.mjs";

const withRunner = () => tests("runner", (words) => words, { count: () => {} });
const table = [
  { name: "lint", work: check("lint", []) },
  { name: "weights", work: async () => {} },
  { name: "unit", after: ["weights"], work: withRunner() },
  { name: "build", after: ["lint"], work: async () => {} },
  { name: "page", needs: ["build"], after: ["weights"], work: withRunner() },
];

const CHOICES = {
  "all, in the table's order": [undefined, [], ["lint", "weights", "unit", "build", "page"]],
  "one alone": [["lint"], [], ["lint"]],
  "one with what it needs": [["page"], [], ["build", "page"]],
  "one without what it only comes after": [["unit"], [], ["unit"]],
  "several, in the table's order": [["unit", "lint"], [], ["lint", "unit"]],
  "words for the one that is named": [["page"], ["-g", "camera"], ["build", "page: -g camera"]],
  "words for both": [["page", "unit"], ["camera"], ["unit: camera", "build", "page: camera"]],
};
for (const [name, [only, words, expected]] of Object.entries(CHOICES)) {
  test(`which steps run: ${name}`, () => {
    const steps = chooseSteps(table, only, words);
    assert.deepEqual(
      steps.map(({ name, words }) => [name, words.join(" ")].filter(Boolean).join(": ")),
      expected,
    );
  });
}

const REFUSALS = {
  "an unknown step": [["everything"], [], /no test step "everything"/],
  "words for no step": [undefined, ["camera"], /name the step/],
  "words for a step without a test runner": [
    ["lint"],
    ["x"],
    /^lint cannot .* choose unit, page\.$/,
  ],
  "words for a step with and one without": [["lint", "page"], ["x"], /^lint cannot/],
};
for (const [name, [only, words, message]] of Object.entries(REFUSALS)) {
  test(`refused: ${name}`, () => {
    assert.throws(() => chooseSteps(table, only, words), { name: "Fault", message });
  });
}

const argumentsOf = (name, words) => testSteps.find((step) => step.name === name).work.args(words);

/** The end of the runner's arguments with these words. */
const WORDS = {
  native: [["golden"], ["--no-fail-fast", "--", "golden"]],
  crates: [
    ["--skip", "slow"],
    ["--no-fail-fast", "--", "--skip", "slow"],
  ],
  wasm: [["golden"], ["--test", "web", "--", "golden"]],
  "wasm-relaxed": [[], ["--test", "web", "--", "cpu"]],
  vitest: [
    ["www/app", "-t", "camera"],
    ["--exclude=tests/tools/**", "www/app", "-t", "camera"],
  ],
  page: [
    ["-g", "camera"],
    ["--reporter=list,json", "-g", "camera"],
  ],
  firefox: [["visits"], [`--output=${place("test-results", "firefox")}`, "visits"]],
};
for (const [name, [words, expected]] of Object.entries(WORDS)) {
  test(`words reach the runner of ${name}`, () => {
    assert.deepEqual(argumentsOf(name, words).slice(-expected.length), expected);
  });
}

test("without words cargo's tests get no end of options", () => {
  assert.equal(argumentsOf("native", []).includes("--"), false);
});

test("the tools' tests are chosen by the names of their files, and the runner's options stay options", () => {
  const args = argumentsOf("tools", ["stamp", "--test-timeout=1000"]);
  assert.deepEqual(args.slice(2), [
    "--test-timeout=1000",
    place("tests", "tools", "stamp.test.mjs"),
  ]);
  assert.throws(() => argumentsOf("tools", ["nothing"]), {
    name: "Fault",
    message: /has nothing in/,
  });
});

test("every step is named once, and what it needs or comes after is before it", () => {
  const seen = new Set();
  for (const { name, needs = [], after = [] } of testSteps) {
    assert.equal(seen.has(name), false, name);
    for (const earlier of [...needs, ...after]) assert.equal(seen.has(earlier), true, earlier);
    seen.add(name);
  }
});

test("npm run check needs nothing that is built for the browser", () => {
  const names = chooseSteps(testSteps, quickSteps).map(({ name }) => name);
  assert.deepEqual(names, quickSteps);
});
