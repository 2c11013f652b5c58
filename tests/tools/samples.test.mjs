import assert from "node:assert/strict";
import { test } from "node:test";
import { samplesOf, samplesTable } from "../../tools/lib/docs/samples.mjs";

/** Fences, and how their code is checked. */
const FENCES = {
  "```ts": "Chromium",
  '```ts prints="a cat"': "Chromium",
  '```ts runs-in="node"': "Node",
  '```ts not-run="it asks a person"': "types",
  "```html": "Chromium",
  '```html not-run="it needs files"': undefined,
  "```js": "syntax",
  '```jsx not-run="it needs React"': "syntax",
  "```sh": "shell",
  '```sh not-run="it serves until it is stopped"': "syntax",
  "```json": "syntax",
  "```nginx": undefined,
};

for (const [fence, check] of Object.entries(FENCES)) {
  test(`${fence} is checked by ${check ?? "nothing"}`, () => {
    const [sample] = samplesOf("page.md", `Text.\n\n${fence}\nfirst\n\nsecond\n\`\`\`\n`);
    assert.equal(sample.check, check);
    assert.equal(sample.line, 3);
    assert.equal(sample.code, "first\n\nsecond\n");
  });
}

test("a sample in a list loses the list's indent", () => {
  const [{ code }] = samplesOf(
    "page.md",
    "- Do this:\n\n  ```sh\n  if true; then\n    date\n  fi\n  ```\n",
  );
  assert.equal(code, "if true; then\n  date\nfi\n");
});

test("every sample that is not run has a reason in the table", () => {
  const rows = samplesTable()
    .split("\n")
    .filter((row) => /types checked|parsed/.test(row));
  const without = rows.filter((row) => !/not run: \w/.test(row) && !/\| js(on)? \|/.test(row));
  assert.deepEqual(without, []);
});
