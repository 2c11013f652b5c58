import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Fault } from "../fault.mjs";

/** A git working tree, as far as a release needs it. */
export class WorkingTree {
  #folder;

  constructor(folder) {
    this.#folder = folder;
  }

  /** Throws a Fault where something is not committed. */
  requireClean() {
    const changes = this.changes();
    if (changes.length > 0) {
      throw new Fault(
        `There are changes that are not committed: ${changes.join(", ")}. Commit or stash them; a release is made from what is committed.`,
      );
    }
  }

  /** Files that differ from what is committed, new ones too. */
  changes() {
    const lines = this.#git("status", "--porcelain", "--untracked-files=all").split("\n");
    return lines.filter(Boolean).map((line) => line.slice(3));
  }

  /** All files that are committed. */
  files() {
    return this.#git("ls-files").split("\n").filter(Boolean);
  }

  /** The version of the last release before this commit, or undefined where there is none. */
  lastRelease() {
    try {
      return this.#git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*").trim().slice(1);
    } catch {
      return undefined;
    }
  }

  /** Throws a Fault where a tag exists, on whatever commit. */
  requireNew(tag) {
    if (this.#git("tag", "--list", tag).trim() !== "") {
      throw new Fault(`There is a tag ${tag} already; choose a later version, or delete the tag.`);
    }
  }

  /** Whether this very commit has the tag. */
  hasTag(tag) {
    return this.#git("tag", "--points-at", "HEAD").split("\n").includes(tag);
  }

  /**
   * What puts these files back as they are now.
   *
   * @param files from the top of the tree
   */
  keeperOf(files) {
    const kept = files.map((file) => path.join(this.#folder, file));
    const texts = kept.map((file) => readFileSync(file));
    return () => {
      for (const [i, file] of kept.entries()) writeFileSync(file, texts[i]);
    };
  }

  /** Commits these files, and gives the commit an annotated tag. */
  commit(files, { message, tag, notes }) {
    this.#git("commit", "--quiet", "--message", message, "--", ...files);
    // As it is: a line of the notes that begins with # is a heading, no comment.
    const text = `${message}\n\n${notes}`;
    this.#git("tag", "--annotate", "--cleanup=verbatim", "--message", text, tag);
  }

  #git(...args) {
    const stdio = ["ignore", "pipe", "pipe"];
    return execFileSync("git", args, { cwd: this.#folder, encoding: "utf8", stdio });
  }
}
