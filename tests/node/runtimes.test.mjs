import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { CONSUMER, inConsumer, RUN_IN } from "../../tools/lib/installed-package.mjs";
import { place, root } from "../../tools/lib/places.mjs";
import { run } from "../../tools/lib/run.mjs";
import { smallWeights, temporaryFolder } from "./support/weights.mjs";

const weights = smallWeights(temporaryFolder(after));

for (const [runtime, [program, ...args]] of Object.entries(RUN_IN)) {
  test(`resnet-web/node keeps its promises in ${runtime}`, async () => {
    const script = inConsumer(place("tests/node/support/behaviour.mjs"));
    const output = await run(program, [...args, script, root, weights], {
      cwd: path.dirname(script),
    });
    const { passed, wrong } = JSON.parse(output.split("\n").at(-1));
    assert.deepEqual(wrong, []);
    assert.ok(passed > 0);
  });
}

test("a script on Node's command line classifies, whose options no worker takes", async () => {
  const script = `
    import { createClassifier } from "resnet-web/node";
    const classifier = await createClassifier({ weights: ${JSON.stringify(weights)}, threads: 2 });
    const { top } = await classifier.classify(${JSON.stringify(place("www/public/photos/chelsea.png"))});
    console.log(top.length);
    classifier.dispose();`;
  const output = await run(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: CONSUMER,
  });
  assert.equal(output.trim(), "5");
});

test("a classifier in use keeps no result in memory", async () => {
  inConsumer(place("tests/node/support/pixels.mjs"));
  const script = inConsumer(place("tests/node/support/results.mjs"));
  const output = await run(process.execPath, ["--expose-gc", script, weights], {
    cwd: path.dirname(script),
  });
  assert.equal(output.trim(), "0");
});

/** Runtimes, and on how many threads: Deno does not end a thread that waits for work before the process ends. */
const ROUNDS = { node: 2, deno: 1 };

/** What fifteen classifiers may leave behind, in megabytes: each has more. */
const LEFT_BEHIND = 150;

for (const [runtime, threads] of Object.entries(ROUNDS)) {
  test(`classifiers that are disposed of leave no memory behind in ${runtime}`, async () => {
    const [program, ...args] = RUN_IN[runtime];
    inConsumer(place("tests/node/support/pixels.mjs"));
    const script = inConsumer(place("tests/node/support/rounds.mjs"));
    const output = await run(program, [...args, script, weights, String(threads)], {
      cwd: path.dirname(script),
    });
    const [early, late] = JSON.parse(output.split("\n").at(-1));
    assert.ok(late - early < LEFT_BEHIND, `from ${early} to ${late} MB`);
  });
}
