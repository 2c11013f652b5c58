import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import path from "node:path";
import { CHROMIUM } from "../../tools/lib/browser.mjs";
import { place } from "../../tools/lib/places.mjs";
import { versionOf } from "../../tools/lib/query.mjs";
import { packageVersions } from "./packages.mjs";
import { rtenVersion } from "./rten.mjs";

/**
 * Keeps what was measured, with the machine and versions it depends on: in bench/results, and in
 * `json` if there is one. `kind` says what was measured.
 */
export function writeRecord(kind, measured, json) {
  const date = new Date().toISOString();
  const record = { kind, date, machine: machine(), versions: versions(), ...measured };
  const folder = place("bench", "results");
  mkdirSync(folder, { recursive: true });
  const own = path.join(folder, `${date.slice(0, 19).replaceAll(":", "-")}-${kind}.json`);
  for (const file of json ? [own, path.resolve(json)] : [own]) {
    writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
    console.log(`Written to ${path.relative(process.cwd(), file)}.`);
  }
}

function machine() {
  return { processor: cpus()[0].model, processors: availableParallelism() };
}

function versions() {
  return { chromium: versionOf(CHROMIUM), rten: rtenVersion(), ...packageVersions() };
}
