import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { after, test } from "node:test";
import { OWN_PROJECT } from "../../tools/lib/installed-package.mjs";
import { run } from "../../tools/lib/run.mjs";
import { tarball } from "../../tools/lib/tarball.mjs";
import { smallWeights, temporaryFolder } from "./support/weights.mjs";

const folder = temporaryFolder(after);

/** Does one of the commands, and prints how long it took: on this machine, with the package at hand. */
async function timed(command, work) {
  const start = performance.now();
  const result = await work(command.split(" "));
  console.log(`${((performance.now() - start) / 1000).toFixed(1)} s  ${command}`);
  return result;
}

test("from an empty folder to a served page in three commands", async () => {
  const command = ([program, ...args]) => run(program, args, { cwd: folder, env: OWN_PROJECT });
  await timed("npm init -y", command);
  await timed(`npm install ${tarball()} --no-audit --no-fund`, command);
  const [server, address] = await timed(
    "npx resnet-web serve --port 0",
    async ([program, ...args]) => {
      // A group of its own: npx starts another process.
      const child = spawn(program, args, {
        cwd: folder,
        env: { ...process.env, ...OWN_PROJECT },
        detached: true,
      });
      const [line] = await child.stdout.take(1).toArray();
      return [child, String(line).trim()];
    },
  );
  try {
    const response = await fetch(address);
    assert.equal(response.headers.get("cross-origin-opener-policy"), "same-origin");
    assert.match(await response.text(), /<title>resnet-web/);
  } finally {
    process.kill(-server.pid);
  }
  // Or, in place of the third, a page of one's own.
  const weights = path.basename(smallWeights(folder));
  const made = await timed(`npx resnet-web site --weights ${weights} --out site`, command);
  assert.match(made, /^site: .*10 classes/m);
});
