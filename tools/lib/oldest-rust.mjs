import path from "node:path";
import { cargoTarget } from "./cargo-target.mjs";
import { ask } from "./query.mjs";
import { run } from "./run.mjs";
import { ensureToolchain, wantedToolchain } from "./rust-toolchain.mjs";
import { progressOf } from "./steps.mjs";

/**
 * Compiles each crate with exactly the Rust that its manifest gives as the oldest. Where that is the toolchain of
 * rust-toolchain.toml, the tests have done so.
 *
 * @returns a note of what was compiled with what
 */
export async function checkOldestRust(report) {
  const { packages } = JSON.parse(ask("cargo", ["metadata", "--format-version=1", "--no-deps"]));
  const notes = [];
  for (const version of new Set(packages.map((crate) => crate.rust_version))) {
    const crates = packages.filter((crate) => crate.rust_version === version);
    const names = crates.map(({ name }) => name);
    if (wantedToolchain().channel === `${version}.0`) {
      notes.push(`${version} (the tests' own): ${names.join(", ")}`);
      continue;
    }
    await ensureToolchain(`${version}.0`, report);
    // Of its own: what another compiler has made is of no use.
    const env = { CARGO_TARGET_DIR: path.join(cargoTarget(), "oldest-rust") };
    const args = ["check", "--locked", ...names.flatMap((name) => ["-p", name])];
    const onLine = (line) => report(`${version}: ${progressOf(line)}`);
    await run("rustup", ["run", `${version}.0`, "cargo", ...args], { env, onLine });
    notes.push(`${version}: ${names.join(", ")}`);
  }
  return notes.join("; ");
}
