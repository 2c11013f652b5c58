import { mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { cargoTarget } from "./cargo-target.mjs";
import { ensureCargoFuzz } from "./cargo-tools.mjs";
import { place } from "./places.mjs";
import { run } from "./run.mjs";
import { progressOf } from "./steps.mjs";

/** Its own folder: what is fuzzed is compiled with counters at every branch. */
const target = () => path.join(cargoTarget(), "fuzz");
/**
 * The process's memory, in MiB. What a file may take of it follows from the file's length and is
 * checked by the targets themselves; this is for what takes so much that they do not come to that.
 */
const MEMORY = 1024;
/** A file that takes longer to read, in seconds, counts as one that hangs. */
const LONGEST = 10;
/** The longest file that is tried, in bytes. */
const LONGEST_FILE = 1 << 17;

/** What is fuzzed: one target for each file format, and one for labels. */
export const fuzzTargets = readdirSync(place("fuzz", "seeds"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** Compiles the targets. */
export async function buildFuzzTargets(report) {
  await ensureCargoFuzz(report);
  await cargoFuzz(["build"], { isBehind: true, onLine: (line) => report(progressOf(line)) });
}

/**
 * Changes the seeds of one target for `seconds` and reads what comes out. Fails, with the input that did it in
 * fuzz/artifacts of cargo's target folder, if reading panics, hangs or takes too much memory.
 */
export async function fuzz(name, seconds, { report, log, isBehind = false }) {
  const found = path.join(target(), "corpus", name);
  const artifacts = path.join(target(), "artifacts", name);
  for (const folder of [found, artifacts]) mkdirSync(folder, { recursive: true });
  const libfuzzer = {
    max_total_time: seconds,
    rss_limit_mb: MEMORY,
    timeout: LONGEST,
    max_len: LONGEST_FILE,
    artifact_prefix: `${artifacts}${path.sep}`,
    print_final_stats: 1,
  };
  const options = Object.entries(libfuzzer).map(([name, value]) => `-${name}=${value}`);
  const seeds = place("fuzz", "seeds", name);
  const output = await cargoFuzz(["run", name, found, seeds, "--", ...options], {
    log,
    isBehind,
    onLine: (line) => report(line.trim()),
  });
  return output.match(/stat::number_of_executed_units:\s*(\d+)/)?.[1] ?? "no";
}

/**
 * Without a sanitizer, which takes the nightly compiler: crates/core, all that is fuzzed, forbids
 * unsafe code.
 */
function cargoFuzz([command, ...rest], options) {
  const args = ["fuzz", command, "--sanitizer", "none", "--target-dir", target()];
  // The page's flags are for wasm.
  return run("cargo", [...args, ...rest], options);
}
