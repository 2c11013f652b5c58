import assert from "node:assert/strict";
import { test } from "node:test";
import { installCommand } from "../../tools/lib/cargo-tools.mjs";

const WITHDRAWN =
  'error: failed to compile `tool`\nCaused by:\n  failed to select a version for the requirement `log = "=0.4.1"`\n';

/** Installs with a cargo that fails as it is told to; what it was asked for and what was said, in their order. */
async function install(failures) {
  const events = [];
  const cargo = async (args) => {
    const locked = args.includes("--locked");
    events.push(locked ? "locked" : "unlocked");
    const output = failures[locked ? "locked" : "unlocked"];
    if (output) throw Object.assign(new Error("cargo failed"), { output });
  };
  const say = (text) => events.push(text);
  const note = await installCommand("tool", "1.2.3", () => {}, { cargo, say });
  return { events, note };
}

test("a command is built as its lock file says, without a word", async () => {
  assert.deepEqual(await install({}), { events: ["locked"], note: undefined });
});

test("that it is built without the lock file is said before it is built", async () => {
  const { events, note } = await install({ locked: WITHDRAWN });
  assert.equal(events.length, 3);
  assert.deepEqual([events[0], events[2]], ["locked", "unlocked"]);
  assert.match(events[1], /tool 1\.2\.3 cannot be built as its lock file says/);
  assert.match(events[1], /requirement `log = "=0\.4\.1"`/);
  assert.match(events[1], /without that file/);
  assert.equal(note, "tool was built without its lock file");
});

test("what fails for another reason, or without the lock file too, fails", async () => {
  await assert.rejects(install({ locked: "error: no space left on device" }), /cargo failed/);
  await assert.rejects(install({ locked: WITHDRAWN, unlocked: WITHDRAWN }), /cargo failed/);
});
