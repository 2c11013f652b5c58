import { readFileSync } from "node:fs";
import { Fault } from "./fault.mjs";
import { place, toolsFolder } from "./places.mjs";
import { versionOf } from "./query.mjs";
import { run } from "./run.mjs";
import { progressOf } from "./steps.mjs";

const WASM_PACK_VERSION = "0.15.1";
const CARGO_FUZZ_VERSION = "0.13.2";

/** Sees to the wasm-bindgen command of exactly the version of the library we compile against. */
export async function ensureWasmBindgen(report) {
  const version = lockedVersion(readFileSync(place("Cargo.lock"), "utf8"), "wasm-bindgen");
  const programs = ["wasm-bindgen", "wasm-bindgen-test-runner"];
  await ensure("wasm-bindgen-cli", version, programs, report);
}

/** Sees to wasm-pack, which runs the tests of the wasm module in a browser. */
export async function ensureWasmPack(report) {
  await ensure("wasm-pack", WASM_PACK_VERSION, ["wasm-pack"], report);
}

/** Sees to cargo-fuzz, which feeds changed files to the readers of weights. */
export async function ensureCargoFuzz(report) {
  await ensure("cargo-fuzz", CARGO_FUZZ_VERSION, ["cargo-fuzz"], report);
}

/** The version of a crate in a Cargo.lock. */
export function lockedVersion(lock, crate) {
  const version = lock.match(new RegExp(`^name = "${crate}"\\nversion = "([^"]+)"`, "m"))?.[1];
  if (!version) throw new Fault(`Cargo.lock has no ${crate}; run \`cargo generate-lockfile\`.`);
  return version;
}

async function ensure(crate, version, programs, report) {
  if (programs.every((program) => versionOf(program) === `${program} ${version}`)) return;
  const install = (...more) =>
    run("cargo", ["install", crate, "--version", version, "--root", toolsFolder, ...more], {
      onLine: (line) => report(`${crate}: ${progressOf(line)}`),
    });
  try {
    await install("--locked");
  } catch (error) {
    // A crate's own lock file can ask for a version that was withdrawn, or that a registry mirror
    // does not have yet. The tool's version is what counts, so cargo may choose the rest.
    if (!error.output?.includes("failed to select a version")) throw error;
    await install();
  }
}
