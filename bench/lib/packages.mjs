import { readFileSync } from "node:fs";
import { ensurePackagesOf } from "../../tools/lib/node-packages.mjs";
import { place } from "../../tools/lib/places.mjs";

/** Installs the peers, from a lock file of their own: nothing else needs them. */
export const ensurePackages = (report) => ensurePackagesOf("bench", report);

/** The versions of what we run against, by name. */
export function packageVersions() {
  return JSON.parse(readFileSync(place("bench", "package.json"), "utf8")).devDependencies;
}
