import { statSync } from "node:fs";
import path from "node:path";
import { ensureCargoSemverChecks } from "../cargo-tools.mjs";
import { Fault } from "../fault.mjs";
import { checkOldestRust } from "../oldest-rust.mjs";
import { lastLines, run } from "../run.mjs";
import { progressOf } from "../steps.mjs";
import { packTarball, tarballOf } from "../tarball.mjs";
import { logOf } from "../test-kinds.mjs";
import { distTag } from "./version.mjs";

const MIB = 1 << 20;
/** What `npm install resnet-web` may download, in bytes: wasm modules, and the page with the default weights. */
const TARBALL_BUDGET = 40 * MIB;

/** What `cargo package` compiles of the packages: the command line tool, too, which is not there by default. */
const PACKAGED = ["--workspace", "--locked", "--features", "resnet-web/cli"];

/** Everything that has to pass before a release, what takes least time first. */
export const checks = {
  crates: {
    title: "cargo publish --dry-run",
    // The version is not committed yet.
    work: (report) => cargo(["publish", "--dry-run", "--allow-dirty", ...PACKAGED], report),
  },
  rust: { title: "the oldest Rust of each crate", work: checkOldestRust },
  semver: {
    title: "cargo semver-checks",
    work: async (report, { last }) => {
      if (!last) return "there is no release to compare with";
      const note = await ensureCargoSemverChecks(report);
      const since = ["--baseline-rev", `v${last}`];
      await cargo(["semver-checks", "check-release", "--workspace", ...since], report);
      return note;
    },
  },
  npm: {
    title: "npm publish --dry-run",
    work: async (report, { version }) => {
      await packNpm(report);
      const tarball = tarballOf(version);
      const { size } = statSync(tarball);
      const figures = `${path.basename(tarball)}, ${mib(size)} of ${mib(TARBALL_BUDGET)} MiB`;
      if (size > TARBALL_BUDGET) {
        throw new Fault(`The tarball is over its size budget: ${figures}.`);
      }
      const options = ["--dry-run", "--tag", distTag(version)];
      await run("npm", ["publish", tarball, ...options], { onLine: report });
      return figures;
    },
  },
  tests: {
    title: "npm test",
    work: async (report) => {
      const options = { log: logOf("release"), onLine: report };
      return lastLines(await run("npm", ["test", "--silent"], options), 1);
    },
  },
};

/** Builds the npm package and packs it. */
export async function packNpm(report) {
  await run("npm", ["run", "--silent", "package"], { onLine: report });
  await packTarball(report);
}

/** Compiles and uploads the crates, those that others need first. */
export const publishCrates = (report) => cargo(["publish", ...PACKAGED], report);

async function cargo(args, report) {
  await run("cargo", args, { onLine: (line) => report(progressOf(line)) });
}

const mib = (bytes) => (bytes / MIB).toFixed(1);
