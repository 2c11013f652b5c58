import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bundle } from "./package-bundle.mjs";
import { writeTypes } from "./package-types.mjs";
import { buildPage } from "./page.mjs";
import { place, toolsFolder } from "./places.mjs";
import { whenStale } from "./stamp.mjs";
import { thirdPartyText } from "./third-party.mjs";
import { CONVERTER, modules } from "./wasm-module.mjs";

/** What package.json publishes, beside itself and the documents that npm always takes. */
const FOLDER = "package";

/** The entries of package.json's `exports` and `bin`, by their names in the package. */
export const ENTRIES = {
  index: "www/lib/public/index.ts",
  element: "www/lib/element/index.ts",
  node: "www/lib/node/index.ts",
  testing: "www/lib/testing/index.ts",
  cli: "www/cli/main.ts",
};

/**
 * The folder of what the entries address, by the package's own name: `new URL("resnet-web/worker.js", import.meta.url)` is right as
 * an address beside the entry, and as the name of a file that the package exports. Dev servers that move the entry's code to
 * another folder, as those of Vite 5, 6 and 7, find it by the name.
 */
const ASSETS = "resnet-web";

/** What decodes images in Node. */
const DECODERS = [
  "jpeg/codec/dec/mozjpeg_dec.wasm",
  "png/codec/pkg/squoosh_png_bg.wasm",
  "webp/codec/dec/webp_dec.wasm",
];

/**
 * Files that are found by `new URL(…, import.meta.url)`: where each is in the repository and in the package. Those of
 * TypeScript are bundled, each into one file; the others are copied.
 */
export const ADDRESSED = {
  "www/worker/worker.ts": `${ASSETS}/worker.js`,
  "www/worker/weights/store.ts": `${ASSETS}/weights-worker.js`,
  "www/worker/threads/thread.ts": `${ASSETS}/thread.js`,
  "www/lib/node/engine/engine.ts": "node-worker.js",
  "www/lib/node/engine/thread.ts": "node-thread.js",
  // With another ending Parcel would make it a script.
  "www/lib/labels/imagenet.json": `${ASSETS}/labels/imagenet.txt`,
  ...Object.fromEntries(
    DECODERS.map((file) => [
      path.posix.join("node_modules/@jsquash", file),
      path.posix.join("decoders", path.posix.basename(file)),
    ]),
  ),
  ...Object.fromEntries(
    Object.keys(modules).map((name) => [wasmOf(name), `${ASSETS}/wasm/${name}/resnet_web_bg.wasm`]),
  ),
  [wasmOf(CONVERTER)]: `${CONVERTER}/resnet_web_bg.wasm`,
};

function wasmOf(module) {
  return `www/wasm/${module}/resnet_web_bg.wasm`;
}

const job = {
  name: "package",
  inputs: [
    "www",
    "package.json",
    "package-lock.json",
    "Cargo.lock",
    "tsconfig.json",
    "tsconfig.package.json",
    "tools/lib/package.mjs",
    "tools/lib/package-bundle.mjs",
    "tools/lib/package-types.mjs",
    "tools/lib/third-party.mjs",
  ],
  except: ["www/app", "www/public", "www/service-worker"],
  outputs: [`${FOLDER}/index.js`, `${FOLDER}/index.d.ts`],
};

/** What editors know of the custom element: package.json names it. */
const MANIFEST = "custom-elements.json";

/** The page in the package, which `npx resnet-web serve` serves. */
const PAGE = path.join(FOLDER, "page");
const pageJob = {
  name: "package-page",
  inputs: ["dist"],
  outputs: [path.join(PAGE, "index.html")],
};

/** Builds the package from the wasm modules and the default weights that are there, unless it is up to date. */
export async function buildPackage(report) {
  const hasNewScripts = await whenStale(job, report, () => buildScripts(report));
  const note = await buildPage(report);
  const hasNewPage = await whenStale(pageJob, report, async () => {
    rmSync(place(PAGE), { recursive: true, force: true });
    cpSync(place("dist"), place(PAGE), { recursive: true });
  });
  return hasNewScripts || hasNewPage ? undefined : note;
}

async function buildScripts(report) {
  const fresh = path.join(toolsFolder, "package-new");
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  report("JavaScript");
  await bundle({ entries: ENTRIES, addressed: ADDRESSED, folder: fresh });
  for (const [source, target] of Object.entries(ADDRESSED)) {
    if (!source.endsWith(".ts")) cpSync(place(source), path.join(fresh, target));
  }
  cpSync(place(`www/lib/element/${MANIFEST}`), path.join(fresh, MANIFEST));
  report("types");
  await writeTypes({ entries: ENTRIES, folder: fresh });
  report("notices");
  writeFileSync(path.join(fresh, "THIRD-PARTY.txt"), thirdPartyText());
  rmSync(place(FOLDER), { recursive: true, force: true });
  renameSync(fresh, place(FOLDER));
}
