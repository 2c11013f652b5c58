import { existsSync, linkSync, readdirSync, renameSync, rmSync } from "node:fs";
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

/**
 * Puts a page that is whole in the place of the one that is served.
 *
 * @param keepsAssets whether what an open page of the one before may still ask for stays: its scripts have other names
 */
export function replacePage(page, fresh, { keepsAssets }) {
  const before = `${fresh}-before`;
  rmSync(before, { recursive: true, force: true });
  if (existsSync(page)) {
    if (keepsAssets) keepAssets(page, fresh);
    renameSync(page, before);
  }
  renameSync(fresh, page);
  rmSync(before, { recursive: true, force: true });
}

function keepAssets(page, fresh) {
  const assets = path.join(page, "assets");
  if (!existsSync(assets)) return;
  for (const name of readdirSync(assets)) {
    const kept = path.join(fresh, "assets", name);
    if (!existsSync(kept)) linkSync(path.join(assets, name), kept);
  }
}
