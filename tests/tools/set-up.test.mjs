import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { lockedVersion } from "../../tools/lib/cargo-tools.mjs";
import { isInstalled } from "../../tools/lib/node-packages.mjs";
import { olderThan } from "../../tools/lib/prerequisites.mjs";
import { parseToolchain } from "../../tools/lib/rust-toolchain.mjs";
import { temporaryFolder } from "./temporary-folder.mjs";

test("rust-toolchain.toml: channel, targets and components", () => {
  const toml = `[toolchain]
channel = "1.95.0"
targets = ["wasm32-unknown-unknown"]
components = [
  "clippy",
  "rustfmt",
]
`;
  assert.deepEqual(parseToolchain(toml), {
    channel: "1.95.0",
    targets: ["wasm32-unknown-unknown"],
    components: ["clippy", "rustfmt"],
  });
  assert.deepEqual(parseToolchain('channel = "stable"\n').targets, []);
  assert.throws(() => parseToolchain("[toolchain]\n"), { name: "Fault" });
});

test("Cargo.lock: the version of one crate, not of one whose name begins alike", () => {
  const lock = `
[[package]]
name = "wasm-bindgen-futures"
version = "0.4.1"

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
`;
  assert.equal(lockedVersion(lock, "wasm-bindgen"), "0.2.130");
  assert.throws(() => lockedVersion(lock, "wasm"), { name: "Fault" });
});

test("versions are compared number by number", () => {
  assert.equal(olderThan("20.9.0", "20.19.0"), true);
  assert.equal(olderThan("20.19.0", "20.19.0"), false);
  assert.equal(olderThan("22.1.0", "20.19.0"), false);
});

test("node_modules: installed only if every package is there in the locked version", (t) => {
  const folder = temporaryFolder(t);
  const lockFile = path.join(folder, "package-lock.json");
  const nodeModules = path.join(folder, "node_modules");
  const write = (file, packages) => writeFileSync(file, JSON.stringify({ packages }));
  const record = (packages) => write(path.join(nodeModules, ".package-lock.json"), packages);
  const a = { version: "1.0.0", integrity: "sha512-a" };
  const b = { version: "2.0.0", integrity: "sha512-b" };
  const elsewhere = { version: "3.0.0", integrity: "sha512-c", optional: true };
  write(lockFile, {
    "": { name: "sample" },
    "node_modules/a": a,
    "node_modules/b": b,
    "node_modules/other-platform": elsewhere,
  });
  assert.equal(isInstalled(lockFile, nodeModules), false, "no node_modules");

  mkdirSync(path.join(nodeModules, "a"), { recursive: true });
  record({ "node_modules/a": a, "node_modules/b": b });
  assert.equal(isInstalled(lockFile, nodeModules), false, "a folder is missing");
  mkdirSync(path.join(nodeModules, "b"));
  assert.equal(isInstalled(lockFile, nodeModules), true);

  record({ "node_modules/a": a });
  assert.equal(isInstalled(lockFile, nodeModules), false, "a package is missing");
  record({ "node_modules/a": a, "node_modules/b": { ...b, version: "2.0.1" } });
  assert.equal(isInstalled(lockFile, nodeModules), false, "another version");
  record({ "node_modules/a": a, "node_modules/b": b, "node_modules/left-over": a });
  assert.equal(isInstalled(lockFile, nodeModules), false, "one package too many");
});
