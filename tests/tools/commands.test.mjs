import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { place } from "../../tools/lib/places.mjs";
import { temporaryFolder } from "./temporary-folder.mjs";

const commands = [
  "start",
  "dev",
  "build",
  "docs",
  "weights",
  "check",
  "test",
  "fuzz",
  "sanitize",
  "release",
];

function runTool(name, args, env = process.env) {
  const script = place("tools", `${name}.mjs`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

for (const name of commands) {
  test(`${name} on a machine with nothing installed says in one sentence what to install`, (t) => {
    const home = temporaryFolder(t);
    const { status, stderr } = runTool(name, [], { PATH: home, HOME: home });
    assert.equal(status, 1);
    assert.match(stderr, /^\nPlease install .*rustup.*npm.*, then run this command again\.\n$/);
    assert.doesNotMatch(stderr, /\bat .*:\d+/, "no stack trace");
  });

  test(`${name} --help says what it does, and unknown options are refused`, () => {
    const help = runTool(name, ["--help"]);
    assert.equal(help.status, 0);
    assert.match(help.stdout, /--help/);
    const unknown = runTool(name, ["--nonsense"]);
    assert.equal(unknown.status, 1);
    assert.match(unknown.stderr, /^\nUnknown option '--nonsense'\. See --help/);
  });
}

test("start refuses what is no port", () => {
  const { status, stderr } = runTool("start", ["--port", "http"]);
  assert.equal(status, 1);
  assert.match(stderr, /^\n"http" is no port;/);
});

test("build names the choices where a name is unknown", () => {
  assert.match(
    runTool("build", ["--only", "gpu"]).stderr,
    /choose cpu, cpu-relaxed, cpu-relaxed-threads, cpu-threads, webgpu/,
  );
});

const misused = {
  "a step there is not": {
    args: ["--only", "everything"],
    says: /^\nThere is no test step "everything"; --list/,
  },
  "words for no step": {
    args: ["--", "-g", "camera"],
    says: /^\nWords after -- are for one step's/,
  },
  "words for a step without a test runner": {
    args: ["--only", "rustfmt", "--", "camera"],
    says: /^\nrustfmt cannot run a part of its tests; .* choose tools, vitest, /,
  },
};
for (const [name, { args, says }] of Object.entries(misused)) {
  test(`test says what is wrong: ${name}`, () => {
    const { status, stderr } = runTool("test", args);
    assert.equal(status, 1);
    assert.match(stderr, says);
  });
}

test("test ends with its verdict, even when it cannot begin", (t) => {
  const home = temporaryFolder(t);
  const { stdout } = runTool("test", [], { PATH: home, HOME: home });
  assert.equal(stdout.trimEnd().split("\n").at(-1), "0 passed, 1 failed");
});
