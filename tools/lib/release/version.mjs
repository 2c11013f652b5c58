import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Fault } from "../fault.mjs";

const VERSION = /^(\d+)\.(\d+)\.(\d+)(-[0-9a-z]+(\.[0-9a-z]+)*)?$/;

/** The version that package.json has. */
export function versionIn(folder) {
  return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")).version;
}

/** The dist-tag under which npm publishes it: a prerelease is not what `npm install` takes. */
export const distTag = (version) => (version.includes("-") ? "next" : "latest");

/**
 * Throws a Fault where a version is no version, or does not come after the last release.
 *
 * @param last the last release's version, or undefined where there is none
 */
export function checkVersion(version, last) {
  if (!VERSION.test(version ?? "")) {
    throw new Fault(
      `${version ? `"${version}" is no version` : "There is no version"}; say for example --version 1.2.3, or 1.3.0-beta.1 for a prerelease.`,
    );
  }
  if (last && !isAfter(version, last)) {
    throw new Fault(`${version} does not come after the last release, ${last}.`);
  }
}

/** Whether a version comes after another; a prerelease comes before its release. */
function isAfter(version, other) {
  const [[core, stage], [otherCore, otherStage]] = [version, other].map((text) => {
    const [, ...rest] = text.match(VERSION);
    return [rest.slice(0, 3).join("."), rest[3] ?? ""];
  });
  const compare = (a, b) => a.localeCompare(b, "en", { numeric: true });
  if (core !== otherCore) return compare(core, otherCore) > 0;
  if (stage === "" || otherStage === "") return stage === "" && otherStage !== "";
  return compare(stage, otherStage) > 0;
}

/**
 * Writes a version into every manifest and lock file that has it.
 *
 * @param files all files of the repository, from `folder`
 * @returns the files that were changed
 */
export function writeVersion(folder, files, version) {
  const old = versionIn(folder);
  const edits = files.flatMap((file) => {
    const name = path.posix.basename(file);
    if (file === "package.json" || file === "package-lock.json") return [[file, inJson]];
    if (file === "Cargo.toml") return [[file, inWorkspace]];
    return name === "Cargo.lock" ? [[file, inCargoLock]] : [];
  });
  const changed = [];
  for (const [file, edit] of edits) {
    const text = readFileSync(path.join(folder, file), "utf8");
    const fresh = edit(text, old, version);
    if (fresh === text) continue;
    writeFileSync(path.join(folder, file), fresh);
    changed.push(file);
  }
  return changed;
}

/** package.json, or a lock file of npm, which has it a second time for the package at its top. */
function inJson(text, _old, version) {
  const json = JSON.parse(text);
  json.version = version;
  if (json.packages) json.packages[""].version = version;
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** The workspace's version, and what our crates need of each other. */
function inWorkspace(text, old, version) {
  const quoted = old.replaceAll(".", "\\.");
  return text
    .replace(
      new RegExp(`(\\[workspace\\.package\\][^[]*?\\nversion = )"${quoted}"`),
      `$1"${version}"`,
    )
    .replace(
      new RegExp(`^(resnet-web[\\w-]* = .*version = )"=${quoted}"`, "gm"),
      `$1"=${version}"`,
    );
}

/** Our crates, which are the ones that come from no registry. */
function inCargoLock(text, old, version) {
  const quoted = old.replaceAll(".", "\\.");
  return text.replace(
    new RegExp(`(name = "resnet-web[\\w-]*"\\nversion = )"${quoted}"(?!\\nsource)`, "g"),
    `$1"${version}"`,
  );
}
