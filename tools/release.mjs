import { command } from "./lib/command.mjs";
import { Fault } from "./lib/fault.mjs";
import { root } from "./lib/places.mjs";
import { checks } from "./lib/release/checks.mjs";
import { prepareRelease } from "./lib/release/prepare.mjs";
import { registries, releaseIn } from "./lib/release/publish.mjs";
import { setUp } from "./lib/set-up.mjs";
import { step } from "./lib/steps.mjs";

const CHECKS = Object.keys(checks);
const REGISTRIES = Object.keys(registries);

const help = `
Makes a release and tries everything about it, without publishing: version, changelog, crates, the npm package and its size,
both registries' dry runs, tests. docs/releasing.md says what a release consists of.

  npm run release -- --version 1.2.3 [options]

  --version <X.Y.Z>  the version to release
  --dry-run          leave the working tree as it was: the default
  --commit           keep the release instead, as a commit and a tag
  --only <check>     run this check only: ${CHECKS.join(", ")}; may be given more than once, not with --commit
  --skip-tests       leave out \`npm test\`

  npm run release -- --publish <registry>

  --publish <registry>  publish the release that this commit is tagged as: ${REGISTRIES.join(", ")}

  --help             show this text
`;

const options = {
  version: { type: "string" },
  "dry-run": { type: "boolean", default: false },
  commit: { type: "boolean", default: false },
  only: { type: "string", multiple: true },
  "skip-tests": { type: "boolean", default: false },
  publish: { type: "string" },
};

await command({ help, options, main });

async function main({
  version,
  commit,
  only,
  publish,
  "dry-run": dryRun,
  "skip-tests": skipTests,
}) {
  if (publish !== undefined) {
    if (version || commit || dryRun) {
      throw new Fault("--publish takes the version from the tag; leave out the other options.");
    }
    await publishTo(publish);
    return;
  }
  if (commit && (only || dryRun)) {
    const other = dryRun ? "--dry-run" : "--only";
    throw new Fault(`A release is kept after all checks; leave out ${other} or --commit.`);
  }
  const chosen = choose(only ?? CHECKS.filter((name) => !(skipTests && name === "tests")));
  await setUp();
  const date = new Date().toISOString().slice(0, 10);
  const release = { folder: root, version, date, keep: commit, checks: chosen, step };
  const tag = await prepareRelease(release);
  console.log(
    tag
      ? `\n${tag} is committed and tagged. \`git push --follow-tags\` publishes it, by .github/workflows/release.yml.`
      : `\n${version} can be released. Nothing was published, and the working tree is as before; --commit keeps it.`,
  );
}

function choose(names) {
  return names.map((name) => {
    if (!CHECKS.includes(name)) {
      throw new Fault(`There is no check "${name}"; choose ${CHECKS.join(", ")}.`);
    }
    return checks[name];
  });
}

async function publishTo(registry) {
  if (!REGISTRIES.includes(registry)) {
    throw new Fault(`There is no registry "${registry}"; choose ${REGISTRIES.join(", ")}.`);
  }
  await setUp();
  const version = releaseIn(root);
  await step(`${version} to ${registry}`, (report) => registries[registry](report, version));
}
