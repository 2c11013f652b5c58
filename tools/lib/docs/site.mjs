import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { ensurePackagesOf } from "../node-packages.mjs";
import { place } from "../places.mjs";
import { run } from "../run.mjs";
import { writeReference } from "./reference.mjs";

/** Where the site is built to. */
export const SITE = place("docs", ".vitepress", "dist");

/** Builds the site of docs/ with the page as it is in dist/, for a server that has it below `base`. A dead link is an error. */
export async function buildSite(report, { base, folder = SITE }) {
  await prepareSite(report);
  report("pages");
  await vitepress(["build", "docs", "--outDir", folder], { base, onLine: report });
}

/** Serves the site from its sources until it is stopped. `onLine` is called with each line of its output. */
export async function serveSources(onLine, { base, port }) {
  await prepareSite(onLine);
  await vitepress(["dev", "docs", "--port", port], { base, onLine });
}

async function prepareSite(report) {
  await ensurePackagesOf("docs", report);
  await writeReference(report);
  const files = place("docs", "public");
  mkdirSync(files, { recursive: true });
  cpSync(place("www", "public", "icon.svg"), place("docs", "public", "icon.svg"));
  // A link: the build copies the page, and the dev server serves it as it is.
  const page = place("docs", "public", "live");
  rmSync(page, { force: true });
  if (existsSync(place("dist"))) symlinkSync(place("dist"), page, "junction");
}

function vitepress(args, { base, onLine }) {
  const script = place("docs", "node_modules", "vitepress", "bin", "vitepress.js");
  return run(process.execPath, [script, ...args], { env: { DOCS_BASE: base }, onLine });
}
