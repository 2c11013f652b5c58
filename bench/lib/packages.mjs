import { readFileSync } from "node:fs";
import path from "node:path";
import { isInstalled } from "../../tools/lib/node-packages.mjs";
import { place } from "../../tools/lib/places.mjs";
import { run } from "../../tools/lib/run.mjs";

/** Installs the peers, from a lock file of their own: nothing else needs them. */
export const ensurePackages = (report) => ensurePackagesOf("bench", report);

/** Installs what the lock file in a folder asks for. */
export async function ensurePackagesOf(name, report) {
  const folder = place(name);
  const lock = path.join(folder, "package-lock.json");
  if (isInstalled(lock, path.join(folder, "node_modules"))) return "up to date";
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  await run("npm", args, { cwd: folder, onLine: report });
}

/** The versions of what we run against, by name. */
export function packageVersions() {
  return JSON.parse(readFileSync(place("bench", "package.json"), "utf8")).devDependencies;
}
