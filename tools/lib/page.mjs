import { existsSync } from "node:fs";
import { WEIGHTS_MANIFEST } from "./default-weights.mjs";
import { place } from "./places.mjs";
import { run } from "./run.mjs";
import { whenStale } from "./stamp.mjs";

/** Builds the page into dist/ with all it loads, unless that is up to date. */
export async function buildPage(report) {
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
      "tools/lib/third-party.mjs",
    ],
    outputs: ["dist/index.html"],
  };
  const built = await whenStale(job, report, async () => {
    await run(process.execPath, [place("node_modules/vite/bin/vite.js"), "build"], {
      onLine: report,
    });
  });
  if (!existsSync(place(WEIGHTS_MANIFEST))) {
    return "without the default weights, which are not here";
  }
  return built ? undefined : "up to date";
}
