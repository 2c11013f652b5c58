import assert from "node:assert/strict";
import fs, { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { takingTurns } from "../../tools/lib/turns.mjs";
import { mockBuiltin } from "./mock-builtin.mjs";
import { temporaryFolder } from "./temporary-folder.mjs";

const DRIVES = {
  "with hard links": () => {},
  "without hard links": (t) =>
    mockBuiltin(t, fs, "linkSync", () => {
      throw Object.assign(new Error("EPERM: operation not permitted"), { code: "EPERM" });
    }),
};
for (const [drive, prepare] of Object.entries(DRIVES)) {
  test(`work under one lock is done in turn, on a drive ${drive}`, async (t) => {
    prepare(t);
    const lock = path.join(temporaryFolder(t), "sample.lock");
    const log = [];
    let finish;
    const first = takingTurns(
      lock,
      () => {},
      async () => {
        log.push("first begins");
        await new Promise((resolve) => {
          finish = resolve;
        });
        log.push("first ends");
      },
    );
    const second = takingTurns(
      lock,
      () => {
        log.push("second waits");
        finish();
      },
      async () => log.push("second"),
    );
    await Promise.all([first, second]);
    assert.deepEqual([...new Set(log)], ["first begins", "second waits", "first ends", "second"]);
    assert.equal(existsSync(lock), false);
  });

  test(`a lock that a stopped run left behind is taken, on a drive ${drive}`, async (t) => {
    prepare(t);
    const lock = path.join(temporaryFolder(t), "sample.lock");
    // No process has this number.
    writeFileSync(lock, String(2 ** 30));
    assert.equal(
      await takingTurns(
        lock,
        () => {},
        async () => "done",
      ),
      "done",
    );
  });
}
