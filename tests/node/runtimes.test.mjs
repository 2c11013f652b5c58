import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { inConsumer, RUN_IN } from "../../tools/lib/installed-package.mjs";
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
