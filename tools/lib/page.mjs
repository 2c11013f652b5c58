import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { WEIGHTS_MANIFEST } from "./default-weights.mjs";
import { place, toolsFolder } from "./places.mjs";
import { run } from "./run.mjs";
import { whenStale } from "./stamp.mjs";

const FOLDER = "dist";

/**
 * Builds the page into dist/ with all it loads, unless that is up to date. A server may serve it meanwhile.
 *
 * @param without the wasm modules that are not built yet
 * @param isBehind whether it is built while a person uses the one before
 */
export async function buildPage(report, { without = [], isBehind = false } = {}) {
  const job = {
    name: "page",
    inputs: [
      "index.html",
      "www",
      "vite.config.ts",
      "tsconfig.json",
      "package.json",
      "package-lock.json",
      "Cargo.lock",
      "tools/lib/absent-modules.mjs",
      "tools/lib/third-party.mjs",
    ],
    facts: { without },
    outputs: [`${FOLDER}/index.html`],
  };
  const built = await whenStale(job, report, async () => {
    const fresh = path.join(toolsFolder, "page-new");
    const vite = place("node_modules/vite/bin/vite.js");
    await run(process.execPath, [vite, "build", "--outDir", fresh, "--emptyOutDir"], {
      // Vite hands it on to vite.config.ts and to the page.
      env: { VITE_MODULES_TO_COME: without.join(",") },
      onLine: report,
      isBehind,
    });
    replacePage(place(FOLDER), fresh, { keepsAssets: isBehind });
  });
  if (!existsSync(place(WEIGHTS_MANIFEST))) {
    return "without the default weights, which are not here";
  }
  return built ? undefined : "up to date";
}

/** What is replaced last, in this order: it names the other files, so those have to be there. */
const LAST = ["index.html", "service-worker.js"];

/**
 * Puts a new page in the place of the one that is served, file by file, so that there is a page at any time.
 *
 * @param keepsAssets whether the scripts and modules that an open page may still load stay; the new ones have other names
 */
export function replacePage(page, fresh, { keepsAssets }) {
  const files = filesIn(fresh).filter((file) => !LAST.includes(file));
  const last = LAST.filter((file) => existsSync(path.join(fresh, file)));
  const stays = new Set([...files, ...last]);
  for (const file of [...files, ...last]) {
    const target = path.join(page, file);
    mkdirSync(path.dirname(target), { recursive: true });
    renameSync(path.join(fresh, file), target);
  }
  rmSync(fresh, { recursive: true });
  for (const file of filesIn(page)) {
    const isAsset = file.startsWith(`assets${path.sep}`);
    if (!stays.has(file) && !(keepsAssets && isAsset)) rmSync(path.join(page, file));
  }
}

/** The files below a folder, from there. */
function filesIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}
