import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Fault } from "../fault.mjs";
import { notesOf, releasedChangelog } from "./changelog.mjs";
import { repositoryOf } from "./repository.mjs";
import { checkVersion, writeVersion } from "./version.mjs";
import { WorkingTree } from "./working-tree.mjs";

const CHANGELOG = "CHANGELOG.md";

/**
 * Makes a working tree what a release is of, and runs checks on it. Afterwards the tree is as it was, unless the release is
 * to be kept and every check passed: then it is committed and tagged.
 *
 * @param folder the top of the tree
 * @param checks `{ title, work }`, in their order; `work` gets a function for its progress and `{ version, last }`, and may
 *   return a note
 * @param step runs a check under its title
 * @returns the tag, if there is one
 */
export async function prepareRelease({ folder, version, date, keep, checks, step }) {
  const tree = new WorkingTree(folder);
  tree.requireClean();
  const last = tree.lastRelease();
  checkVersion(version, last);
  const tag = `v${version}`;
  tree.requireNew(tag);
  const text = readFileSync(path.join(folder, CHANGELOG), "utf8");
  const repository = repositoryOf(folder);
  const changelog = releasedChangelog(text, { version, date, repository, last });

  const restore = tree.keeperOf(tree.files().filter(isWritten));
  // Also where a signal stops the command.
  process.once("exit", restore);
  let isKept = false;
  try {
    const files = [...writeVersion(folder, tree.files(), version), CHANGELOG];
    writeFileSync(path.join(folder, CHANGELOG), changelog);
    for (const { title, work } of checks) {
      await step(title, (report) => work(report, { version, last }));
    }
    const others = tree.changes().filter((file) => !files.includes(file));
    if (others.length > 0) {
      throw new Fault(`The checks changed ${others.join(", ")}; commit that first, or undo it.`);
    }
    if (!keep) return undefined;
    tree.commit(files, { message: `Release ${version}`, tag, notes: notesOf(changelog, version) });
    isKept = true;
    return tag;
  } finally {
    process.removeListener("exit", restore);
    if (!isKept) restore();
  }
}

/** What a release writes. */
function isWritten(file) {
  const names = ["package.json", "package-lock.json", "Cargo.toml", CHANGELOG];
  return names.includes(file) || path.posix.basename(file) === "Cargo.lock";
}
