import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { run } from "../../tools/lib/run.mjs";
import { progressOf } from "../../tools/lib/steps.mjs";
import { mockBuiltin } from "./mock-builtin.mjs";
import { temporaryFolder } from "./temporary-folder.mjs";

const script = (code) => run(process.execPath, ["-e", code]);

test("run returns what a program prints on both of its outputs", async () => {
  const output = await script("console.log('out'); setTimeout(() => console.error('err'), 50)");
  assert.equal(output, "out\nerr");
});

test("run hears progress bars, but does not keep them", async (t) => {
  const log = path.join(temporaryFolder(t), "logs", "sample.log");
  const bar = "   Building [====>     ] 12/34: burn, wgpu\\r";
  const heard = [];
  const output = await run(
    process.execPath,
    ["-e", `process.stdout.write("${bar}\\u001b[32m   Compiling burn\\u001b[0m\\nend")`],
    { log, onLine: (line) => heard.push(progressOf(line)) },
  );
  assert.deepEqual(heard, ["Building 12/34", "Compiling burn", "end"]);
  assert.equal(output, "   Compiling burn\nend");
  assert.equal(readFileSync(log, "utf8"), "   Compiling burn\nend\n");
});

test("a program that fails is a Fault with the end of its output", async () => {
  await assert.rejects(script("console.log('why'); process.exit(3)"), {
    name: "Fault",
    message: /failed with exit code 3\. It ended with:\n\nwhy/,
    output: "why",
  });
});

test("a program that does not exist is a Fault", async () => {
  await assert.rejects(run("no-such-program", ["a"]), {
    name: "Fault",
    message: "`no-such-program a` could not be started.",
  });
});

const PRIORITIES = {
  "a priority that is lower already": { before: 15, sets: [] },
  "the usual priority": { before: 0, sets: [os.constants.priority.PRIORITY_BELOW_NORMAL] },
};
for (const [name, { before, sets }] of Object.entries(PRIORITIES)) {
  test(`a program behind others runs, begun at ${name}`, async (t) => {
    const set = [];
    mockBuiltin(t, os, "getPriority", () => before);
    mockBuiltin(t, os, "setPriority", (_, priority) => set.push(priority));
    await run(process.execPath, ["-e", ""], { isBehind: true });
    assert.deepEqual(set, sets);
  });
}

test("a program behind others runs where the system does not let its priority be set", async (t) => {
  mockBuiltin(t, os, "setPriority", () => {
    throw Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
  });
  const output = await run(process.execPath, ["-e", "console.log('ran')"], { isBehind: true });
  assert.equal(output, "ran");
});
