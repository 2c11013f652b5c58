import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Fault } from "../fault.mjs";
import { place } from "../places.mjs";
import { run } from "../run.mjs";
import { tarballOf } from "../tarball.mjs";
import { notesOf } from "./changelog.mjs";
import { packNpm, publishCrates } from "./checks.mjs";
import { PLACEHOLDER, repositoryOf } from "./repository.mjs";
import { distTag, versionIn } from "./version.mjs";
import { WorkingTree } from "./working-tree.mjs";

/** Where a release can be published, and what does it. */
export const registries = { npm: publishNpm, crates: publishCrates, github: publishNotes };

/**
 * The version of the release that a working tree is of.
 *
 * @throws a Fault where it is of none: not committed, not tagged, not in the changelog, without a repository
 */
export function releaseIn(folder) {
  const tree = new WorkingTree(folder);
  tree.requireClean();
  const version = versionIn(folder);
  if (!tree.hasTag(`v${version}`)) {
    throw new Fault(
      `This commit has no tag v${version}; \`npm run release -- --version ${version} --commit\` makes one.`,
    );
  }
  notesOf(readFileSync(path.join(folder, "CHANGELOG.md"), "utf8"), version);
  const repository = repositoryOf(folder);
  if (repository.includes(`/${PLACEHOLDER}/`)) {
    throw new Fault(
      `The repository is still ${repository}; put its account for ${PLACEHOLDER} in package.json and Cargo.toml, and make the release again.`,
    );
  }
  return version;
}

/** Publishes the npm package; on GitHub with a statement of where it was built. */
async function publishNpm(report, version) {
  await packNpm(report);
  const provenance = process.env.GITHUB_ACTIONS ? ["--provenance"] : [];
  const options = ["--access", "public", "--tag", distTag(version), ...provenance];
  await run("npm", ["publish", tarballOf(version), ...options], { onLine: report });
}

/** Makes a release of the repository on GitHub: the changelog's section, with the npm package's tarball if it is there. */
async function publishNotes(report, version) {
  const notes = notesOf(readFileSync(place("CHANGELOG.md"), "utf8"), version);
  const tarball = tarballOf(version);
  const options = ["--verify-tag", "--title", version, "--notes", notes];
  if (distTag(version) !== "latest") options.push("--prerelease");
  if (existsSync(tarball)) options.push(tarball);
  await run("gh", ["release", "create", `v${version}`, ...options], { onLine: report });
}
