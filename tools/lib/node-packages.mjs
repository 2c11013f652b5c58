import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Fault } from "./fault.mjs";
import { place } from "./places.mjs";
import { run } from "./run.mjs";

/** Installs the npm packages of package-lock.json, unless they are the ones already there. */
export async function ensureNodePackages(report) {
  if (isInstalled(place("package-lock.json"), place("node_modules"))) return;
  try {
    await run("npm", ["ci", "--no-audit", "--no-fund"], { onLine: report });
  } catch (error) {
    // npm explains this one with a page of its own options.
    if (!error.output?.includes("npm error code EUSAGE")) throw error;
    throw new Fault(
      "package-lock.json lacks packages that package.json asks for; " +
        "run `npm install` to complete it, then run this command again.",
    );
  }
}

/** Installs what the lock file in a folder of the repository asks for. */
export async function ensurePackagesOf(name, report) {
  const folder = place(name);
  const lock = path.join(folder, "package-lock.json");
  if (isInstalled(lock, path.join(folder, "node_modules"))) return "up to date";
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  await run("npm", args, { cwd: folder, onLine: report });
}

/**
 * Whether a node_modules folder holds what a lock file asks for, going by npm's own record of what
 * it installed. A package of another platform is in the lock file only, which is as it should be.
 */
export function isInstalled(lockFile, nodeModules) {
  const record = `${nodeModules}/.package-lock.json`;
  if (!existsSync(record)) return false;
  const wanted = packagesIn(lockFile);
  const installed = packagesIn(record);
  const inPlace = ([folder, { version, integrity, optional }]) => {
    const found = installed[folder];
    if (!found) return Boolean(optional);
    return (
      found.version === version &&
      found.integrity === integrity &&
      existsSync(folder.replace(/^node_modules/, nodeModules))
    );
  };
  return (
    Object.entries(wanted).every(inPlace) && Object.keys(installed).every((name) => name in wanted)
  );
}

function packagesIn(lockFile) {
  const { "": _project, ...packages } = JSON.parse(readFileSync(lockFile, "utf8")).packages;
  return packages;
}
