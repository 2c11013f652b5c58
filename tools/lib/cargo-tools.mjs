import { readFileSync } from "node:fs";
import { Fault } from "./fault.mjs";
import { place, toolsFolder } from "./places.mjs";
import { versionOf } from "./query.mjs";
import { run } from "./run.mjs";
import { progressOf } from "./steps.mjs";

const WASM_PACK_VERSION = "0.15.1";
const CARGO_FUZZ_VERSION = "0.13.2";
const CARGO_SEMVER_CHECKS_VERSION = "0.51.0";

/** Sees to the wasm-bindgen command of exactly the version of the library we compile against. */
export function ensureWasmBindgen(report) {
  const version = lockedVersion(readFileSync(place("Cargo.lock"), "utf8"), "wasm-bindgen");
  const programs = ["wasm-bindgen", "wasm-bindgen-test-runner"];
  return ensure("wasm-bindgen-cli", version, programs, report);
}

/** Sees to wasm-pack, which runs the tests of the wasm module in a browser. */
export function ensureWasmPack(report) {
  return ensure("wasm-pack", WASM_PACK_VERSION, ["wasm-pack"], report);
}

/** Sees to cargo-fuzz, which feeds changed files to the readers of weights. */
export function ensureCargoFuzz(report) {
  return ensure("cargo-fuzz", CARGO_FUZZ_VERSION, ["cargo-fuzz"], report);
}

/** Sees to cargo-semver-checks, which compares the crates' interfaces with those of the last release. It compiles for minutes. */
export function ensureCargoSemverChecks(report) {
  const crate = "cargo-semver-checks";
  return ensure(crate, CARGO_SEMVER_CHECKS_VERSION, [crate], report);
}

/** The version of a crate in a Cargo.lock. */
export function lockedVersion(lock, crate) {
  const version = lock.match(new RegExp(`^name = "${crate}"\\nversion = "([^"]+)"`, "m"))?.[1];
  if (!version) throw new Fault(`Cargo.lock has no ${crate}; run \`cargo generate-lockfile\`.`);
  return version;
}

async function ensure(crate, version, programs, report) {
  if (programs.every((program) => versionOf(program) === `${program} ${version}`)) return undefined;
  return installCommand(crate, version, report);
}

/**
 * Builds the commands of a crate, with the versions of its own lock file where these can be had. Where they cannot, cargo
 * chooses others, and that is said before anything of them runs.
 *
 * @param report is called with the progress
 * @returns a note for the step's line, if there is something to note
 */
export async function installCommand(
  crate,
  version,
  report,
  { cargo = (args, options) => run("cargo", args, options), say = console.warn } = {},
) {
  const install = (...more) =>
    cargo(["install", crate, "--version", version, "--root", toolsFolder, ...more], {
      onLine: (line) => report(`${crate}: ${progressOf(line)}`),
    });
  try {
    await install("--locked");
    return undefined;
  } catch (error) {
    // A crate's own lock file can ask for a version that was withdrawn, or that a registry mirror does not have yet.
    const reason = error.output?.match(/failed to select a version.*/)?.[0];
    if (!reason) throw error;
    say(`
! ${crate} ${version} cannot be built as its lock file says: ${reason}
  It is built without that file: cargo chooses the newest versions of what it depends on, which its authors have not
  tried and whose build scripts run on this machine. Stop this (Ctrl+C) if you do not want that, and install
  ${crate} ${version} yourself.
`);
    await install();
    return `${crate} was built without its lock file`;
  }
}
