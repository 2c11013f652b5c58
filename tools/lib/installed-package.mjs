import { createHash } from "node:crypto";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root, toolsFolder } from "./places.mjs";
import { run } from "./run.mjs";
import { whenStale } from "./stamp.mjs";
import { packTarball, tarball } from "./tarball.mjs";

/**
 * A project that has the package as its users have it: from the tarball. It is not within this one, whose tsconfig.json Bun
 * would follow to the sources.
 */
export const CONSUMER = path.join(
  tmpdir(),
  `resnet-web-consumer-${createHash("sha256").update(root).digest("hex").slice(0, 8)}`,
);

/** JavaScript runtimes of others that the package is tested in, from npm. */
const RUNTIMES = { deno: "2.9.6", bun: "1.4.5" };
const RUNTIMES_FOLDER = path.join(toolsFolder, "runtimes");

/** How to run a script in each runtime: the program and its first arguments. */
export const RUN_IN = {
  node: [process.execPath],
  deno: [path.join(RUNTIMES_FOLDER, "node_modules", ".bin", "deno"), "run", "--allow-all"],
  bun: [path.join(RUNTIMES_FOLDER, "node_modules", ".bin", "bun"), "run"],
};

/** For npm in another project's folder, where npm itself has started this process: without it, it would take this project's. */
export const OWN_PROJECT = { npm_config_local_prefix: undefined };

/** Packs the package, and installs the tarball in a project of its own. */
export async function installPackage(report) {
  await packTarball(report);
  report("npm install");
  rmSync(CONSUMER, { recursive: true, force: true });
  await install(CONSUMER, [tarball()]);
}

/** Installs the other runtimes, once. */
export async function ensureRuntimes(report) {
  const programs = Object.keys(RUNTIMES).map((name) => path.relative(root, RUN_IN[name][0]));
  const job = { name: "runtimes", inputs: [], facts: RUNTIMES, outputs: programs };
  await whenStale(job, report, async () => {
    const names = Object.entries(RUNTIMES).map(([name, version]) => `${name}@${version}`);
    await install(RUNTIMES_FOLDER, names);
  });
}

/** Copies a script into the project that has the package, and returns its path there. */
export function inConsumer(script) {
  const target = path.join(CONSUMER, path.basename(script));
  cpSync(script, target);
  return target;
}

/** Installs packages in a project of its own in this folder. */
async function install(folder, packages) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const options = { cwd: folder, env: OWN_PROJECT };
  await run("npm", ["install", ...packages, "--no-audit", "--no-fund"], options);
}
