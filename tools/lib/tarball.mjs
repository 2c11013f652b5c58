import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { buildPackage } from "./package.mjs";
import { toolsFolder } from "./places.mjs";
import { run } from "./run.mjs";
import { whenStale } from "./stamp.mjs";

const FOLDER = path.join(toolsFolder, "tarball");

/** Where the tarball of a version is, once it is packed. */
export const tarballOf = (version) => path.join(FOLDER, `resnet-web-${version}.tgz`);

const job = {
  name: "tarball",
  inputs: ["package", "package.json", "README.md", "LICENSE", "LICENSE-APACHE", "LICENSE-MIT"],
  outputs: [path.join(".tools", "tarball")],
};

/** Packs the npm package as it would be published, into a folder that has nothing but the tarball. */
export async function packTarball(report) {
  await buildPackage(report);
  await whenStale(job, report, async () => {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    // The script that npm would run builds the package, which is done.
    await run("npm", ["pack", "--ignore-scripts", "--pack-destination", FOLDER]);
  });
}

/** The tarball's path. */
export function tarball() {
  const [name] = readdirSync(FOLDER);
  return path.join(FOLDER, name);
}
