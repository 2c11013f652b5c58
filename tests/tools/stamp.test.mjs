import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isFresh, whenStale } from "../../tools/lib/stamp.mjs";
import { temporaryFolder } from "./temporary-folder.mjs";

const ignore = () => {};

/** A job that turns src/ and settings.toml into out/result, and counts how often it really ran. */
function sampleJob(t) {
  const folder = temporaryFolder(t);
  const file = (name) => path.join(folder, name);
  mkdirSync(file("src/deep"), { recursive: true });
  mkdirSync(file("out"));
  writeFileSync(file("src/a"), "one");
  writeFileSync(file("src/deep/b"), "two");
  writeFileSync(file("settings.toml"), "three");
  const job = {
    name: "sample",
    inputs: ["src", "settings.toml", "not-there"],
    facts: { level: 3 },
    outputs: ["out/result"],
    folder,
    stamps: file("stamps"),
  };
  let runs = 0;
  const run = (changes = {}) =>
    whenStale({ ...job, ...changes }, ignore, async () => {
      runs += 1;
      await sleep(20);
      writeFileSync(file("out/result"), "made");
    });
  return { job, file, run, runs: () => runs };
}

test("a job is done once for the same inputs", async (t) => {
  const { job, run, runs } = sampleJob(t);
  assert.equal(isFresh(job), false);
  assert.equal(await run(), true);
  assert.equal(isFresh(job), true);
  assert.equal(await run(), false);
  assert.equal(runs(), 1);
});

test("a new date alone changes nothing", async (t) => {
  const { file, run } = sampleJob(t);
  await run();
  utimesSync(file("src/a"), new Date(), new Date());
  assert.equal(await run(), false);
});

const changes = {
  "a file in a folder": ({ file }) => writeFileSync(file("src/deep/b"), "changed"),
  "a file named by itself": ({ file }) => writeFileSync(file("settings.toml"), "changed"),
  "a new file": ({ file }) => writeFileSync(file("src/new"), ""),
  "a file gone": ({ file }) => rmSync(file("src/a")),
  "contents moved to another name": ({ file }) => {
    rmSync(file("src/a"));
    writeFileSync(file("src/c"), "one");
  },
  "an input that was missing before": ({ file }) => writeFileSync(file("not-there"), ""),
  "an output gone": ({ file }) => rmSync(file("out/result")),
};
for (const [name, change] of Object.entries(changes)) {
  test(`done again after a change: ${name}`, async (t) => {
    const sample = sampleJob(t);
    await sample.run();
    change(sample);
    assert.equal(await sample.run(), true);
    assert.equal(await sample.run(), false);
  });
}

test("done again after a change: a fact", async (t) => {
  const { run } = sampleJob(t);
  await run();
  assert.equal(await run({ facts: { level: 4 } }), true);
});

test("a job that fails or is cut short counts as not done, though old outputs are there", async (t) => {
  const { job, file, run } = sampleJob(t);
  await run();
  writeFileSync(file("src/a"), "broken");
  const failing = whenStale(job, ignore, async () => {
    throw new Error("does not compile");
  });
  await assert.rejects(failing, /does not compile/);
  writeFileSync(file("src/a"), "one");
  assert.equal(existsSync(file("out/result")), true);
  assert.equal(isFresh(job), false);
});

test("two runs at once take turns, and the second finds it done", async (t) => {
  const { run, runs } = sampleJob(t);
  const done = await Promise.all([run(), run()]);
  assert.deepEqual(done.sort(), [false, true]);
  assert.equal(runs(), 1);
});

test("the lock of a run that was stopped delays no other", async (t) => {
  const { file, run } = sampleJob(t);
  const { pid } = spawnSync(process.execPath, ["--version"]);
  mkdirSync(file("stamps"));
  writeFileSync(file("stamps/sample.lock"), String(pid));
  assert.equal(await run(), true);
});
