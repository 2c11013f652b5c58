import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { place, root } from "../../tools/lib/places.mjs";
import { notesOf, releasedChangelog } from "../../tools/lib/release/changelog.mjs";
import { prepareRelease } from "../../tools/lib/release/prepare.mjs";
import { releaseIn } from "../../tools/lib/release/publish.mjs";
import { checkVersion, distTag } from "../../tools/lib/release/version.mjs";
import { temporaryFolder } from "./temporary-folder.mjs";

const REPOSITORY = "https://github.com/OWNER/resnet-web";
/** Everything in the repository that a release may write, and what it reads. */
const WRITTEN = [
  ...["package.json", "package-lock.json", "CHANGELOG.md"],
  ...["Cargo.toml", "Cargo.lock", "fuzz/Cargo.lock", "bench/fast-paths/Cargo.lock"],
];

/** A git repository of its own with this repository's manifests, and what git prints there. */
function clone(t) {
  const folder = temporaryFolder(t);
  for (const file of WRITTEN) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    cpSync(place(file), path.join(folder, file));
  }
  const git = (...args) => {
    const author = ["-c", "user.name=Test", "-c", "user.email=test@example.org"];
    return execFileSync("git", [...author, ...args], { cwd: folder, encoding: "utf8" }).trim();
  };
  git("init", "--quiet");
  git("config", "user.name", "Test");
  git("config", "user.email", "test@example.org");
  const changelog = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Everything.\n";
  writeFileSync(path.join(folder, "CHANGELOG.md"), changelog);
  git("add", ".");
  git("commit", "--quiet", "--message", "Start");
  const read = (file) => readFileSync(path.join(folder, file), "utf8");
  return { folder, git, read };
}

/** Prepares a release whose only check is `work`. */
function prepare(folder, { version = "9.8.7", keep = false, work = () => {} }) {
  const checks = [{ title: "check", work }];
  const step = (_title, run) => run(() => {});
  return prepareRelease({ folder, version, date: "2030-01-31", keep, checks, step });
}

/** Lines that `git diff` adds, by file. */
function added(diff) {
  const found = {};
  let file;
  for (const line of diff.split("\n")) {
    if (line.startsWith("+++ ")) file = line.slice("+++ b/".length);
    else if (line.startsWith("+")) {
      found[file] ??= [];
      found[file].push(line.slice(1).trim());
    }
  }
  return found;
}

test("the checks see the new version in every manifest and lock file, and the changelog's new section", async (t) => {
  const { folder, git, read } = clone(t);
  const crates = read("Cargo.lock").match(/^name = "resnet-web/gm).length;
  let seen;
  await prepare(folder, {
    work: (_report, { version, last }) => {
      assert.deepEqual([version, last], ["9.8.7", undefined]);
      seen = added(git("diff", "--unified=0"));
    },
  });
  assert.deepEqual(Object.keys(seen).sort(), [...WRITTEN].sort());
  const version = 'version = "9.8.7"';
  assert.deepEqual(seen["package.json"], ['"version": "9.8.7",']);
  assert.deepEqual(seen["package-lock.json"], ['"version": "9.8.7",', '"version": "9.8.7",']);
  assert.deepEqual(seen["Cargo.lock"], Array(crates).fill(version));
  assert.deepEqual(seen["fuzz/Cargo.lock"], [version]);
  // The workspace's own, and what the crates need of each other.
  assert.deepEqual(seen["Cargo.toml"], [
    version,
    ...["convert", "core", "gpu", "kernels"].map(
      (name) => `resnet-web-${name} = { path = "crates/${name}", version = "=9.8.7" }`,
    ),
  ]);
  assert.ok(seen["CHANGELOG.md"].includes("## [9.8.7] - 2030-01-31"));
});

test("without --commit the tree is as it was, whether the checks pass or not", async (t) => {
  const { folder, git, read } = clone(t);
  const before = WRITTEN.map(read);
  await prepare(folder, {});
  const fail = async () => {
    throw new Error("a test fails");
  };
  await assert.rejects(prepare(folder, { work: fail }), /a test fails/);
  await assert.rejects(prepare(folder, { work: fail, keep: true }), /a test fails/);
  assert.deepEqual(WRITTEN.map(read), before);
  assert.equal(git("status", "--porcelain"), "");
  assert.equal(git("tag"), "");
});

test("the tree is as it was if the command is stopped", (t) => {
  const { folder, git } = clone(t);
  const module = JSON.stringify(new URL("../../tools/lib/release/prepare.mjs", import.meta.url));
  const script = `
    import { prepareRelease } from ${module};
    const work = () => process.exit(130);
    const step = (title, run) => run(() => {});
    const checks = [{ title: "check", work }];
    await prepareRelease({ folder: ".", version: "9.8.7", date: "2030-01-31", checks, step });`;
  const args = ["--input-type=module", "--eval", script];
  assert.equal(spawnSync(process.execPath, args, { cwd: folder }).status, 130);
  assert.equal(git("status", "--porcelain"), "");
});

test("with --commit the release is a commit with an annotated tag that has its notes", async (t) => {
  const { folder, git, read } = clone(t);
  assert.equal(await prepare(folder, { keep: true }), "v9.8.7");
  assert.equal(git("status", "--porcelain"), "");
  assert.equal(git("log", "-1", "--format=%s"), "Release 9.8.7");
  const tag = git("tag", "--list", "--format=%(contents)", "v9.8.7");
  assert.equal(tag, "Release 9.8.7\n\n### Added\n\n- Everything.");
  assert.equal(JSON.parse(read("package.json")).version, "9.8.7");
});

test("a release is refused that could not be what is committed, or is no step forward", async (t) => {
  const { folder, git } = clone(t);
  const file = path.join(folder, "Cargo.toml");
  const change = () => writeFileSync(path.join(folder, "new.txt"), "");
  await assert.rejects(prepare(folder, { work: change }), /The checks changed new\.txt/);
  await assert.rejects(prepare(folder, {}), /not committed: new\.txt\. Commit or stash/);
  git("clean", "--force", "--quiet");
  writeFileSync(file, `${readFileSync(file, "utf8")}\n`);
  await assert.rejects(prepare(folder, {}), /not committed: Cargo\.toml/);
  git("checkout", "--quiet", ".");
  await prepare(folder, { keep: true });
  await assert.rejects(prepare(folder, { version: "9.8.8" }), /nothing under "Unreleased"/);
  await assert.rejects(prepare(folder, { version: "9.8.7" }), /9\.8\.7 does not come after/);
  git("reset", "--quiet", "--hard", "HEAD~");
  await assert.rejects(prepare(folder, { version: "9.8.7" }), /There is a tag v9\.8\.7 already/);
});

test("versions are compared as Semantic Versioning has it", () => {
  const cases = [
    ["1.0.0", undefined, "latest"],
    ["0.2.0", "0.1.9", "latest"],
    ["0.1.10", "0.1.9", "latest"],
    ["1.0.0", "1.0.0-rc.1", "latest"],
    ["1.0.0-rc.2", "1.0.0-rc.1", "next"],
    ["1.0.0-beta", "0.9.0", "next"],
    ["1.0.0", "1.0.0", /does not come after the last release, 1\.0\.0/],
    ["1.0.0-rc.1", "1.0.0", /does not come after/],
    ["1.0.0-beta", "1.0.0-rc.1", /does not come after/],
    ["0.1.9", "0.1.10", /does not come after/],
    ["v1.0.0", undefined, /"v1\.0\.0" is no version/],
    ["1.0", undefined, /is no version/],
    [undefined, undefined, /There is no version/],
  ];
  const report = [];
  for (const [version, last, expected] of cases) {
    let found;
    try {
      checkVersion(version, last);
      found = distTag(version);
    } catch (error) {
      found = error.message;
    }
    const isRight = typeof expected === "string" ? found === expected : expected.test(found);
    if (!isRight) report.push(`${version} after ${last}: ${found}`);
  }
  assert.deepEqual(report, []);
});

test("a changelog keeps its older versions, and links each to what changed", () => {
  const first = releasedChangelog("# Changelog\n\n## [Unreleased]\n\n- One.\n", {
    version: "1.0.0",
    date: "2030-01-01",
    repository: REPOSITORY,
  });
  const second = releasedChangelog(first.replace("[Unreleased]\n", "[Unreleased]\n\n- Two.\n"), {
    version: "1.1.0",
    date: "2030-02-02",
    repository: REPOSITORY,
    last: "1.0.0",
  });
  assert.equal(
    second,
    `# Changelog

## [Unreleased]

## [1.1.0] - 2030-02-02

- Two.

## [1.0.0] - 2030-01-01

- One.

[Unreleased]: ${REPOSITORY}/compare/v1.1.0...HEAD
[1.1.0]: ${REPOSITORY}/compare/v1.0.0...v1.1.0
[1.0.0]: ${REPOSITORY}/releases/tag/v1.0.0
`,
  );
  assert.equal(notesOf(second, "1.0.0"), "- One.");
  assert.throws(() => notesOf(second, "2.0.0"), /no section "## \[2\.0\.0\]"/);
});

test("only what is committed, tagged and has a repository can be published", async (t) => {
  const { folder, git, read } = clone(t);
  const write = (file, text) => writeFileSync(path.join(folder, file), text);
  assert.throws(() => releaseIn(folder), /This commit has no tag v\d+\.\d+\.\d+/);
  await prepare(folder, { keep: true });
  if (read("package.json").includes("/OWNER/")) {
    assert.throws(() => releaseIn(folder), /put its account for OWNER/);
  }
  write("package.json", read("package.json").replace("/OWNER/", "/somebody/"));
  assert.throws(() => releaseIn(folder), /not committed: package\.json/);
  git("commit", "--quiet", "--all", "--message", "An account");
  assert.throws(() => releaseIn(folder), /has no tag v9\.8\.7/);
  git("tag", "--force", "v9.8.7");
  assert.equal(releaseIn(folder), "9.8.7");
});

test("the command refuses what it cannot mean", () => {
  const cases = [
    [["--publish", "npm", "--version", "1.2.3"], /--publish takes the version from the tag/],
    [["--publish", "maven"], /There is no registry "maven"; choose npm, crates, github/],
    [["--version", "1.2.3", "--only", "luck"], /There is no check "luck"; choose crates, rust, /],
    [["--version", "1.2.3", "--only", "npm", "--commit"], /leave out --only or --commit/],
    [["--version", "1.2.3", "--dry-run", "--commit"], /leave out --dry-run or --commit/],
  ];
  for (const [args, expected] of cases) {
    const script = place("tools", "release.mjs");
    const { status, stderr } = spawnSync(process.execPath, [script, ...args], {
      cwd: root,
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(stderr, expected);
  }
});

test("npm's package holds the licences, and of the repository only what it is built into", () => {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const [{ files }] = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8" }));
  const names = files.map(({ path: name }) => name).filter((name) => !name.startsWith("package/"));
  const expected = ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"];
  assert.deepEqual(names.sort(), expected);
});
