import { buildPage } from "./page.mjs";
import { say as print, step } from "./steps.mjs";
import { buildModule, forModules } from "./wasm-module.mjs";

/** What a module is for, in the terminal's words. */
const USES = {
  cpu: "browsers without relaxed SIMD (Safari)",
  "cpu-relaxed": "one thread",
  "cpu-threads": "several threads",
  webgpu: "WebGPU",
};

/**
 * Builds the modules that the page was served without, each with a new page that has it. What fails is said, and nothing
 * ends of it: the page goes on as it is.
 *
 * @param names of the modules
 * @param build builds a module and a page, for tests
 * @returns the modules that failed
 */
export async function buildRest(names, { build = behind, say = print } = {}) {
  const toCome = new Set(names);
  const failed = [];
  let page = Promise.resolve();
  const buildOne = async (name) => {
    try {
      await build.module(name);
      toCome.delete(name);
      // One page at a time, each with the modules that are there by then.
      page = page.then(() => build.page([...toCome]));
      await page;
      say(`\n  Ready: ${USES[name]}. Reload the page to use it.\n`);
    } catch (error) {
      page = Promise.resolve();
      failed.push(name);
      say(`\n${error.message}\n\n  The page goes on without ${USES[name]}.\n`);
    }
  };
  await forModules(names, buildOne);
  if (failed.length === 0) say("  Everything is built.\n");
  return failed;
}

const behind = {
  module: (name) =>
    step(`wasm module ${name}`, (report) => buildModule(name, report, { isBehind: true })),
  page: (without) => step("page", (report) => buildPage(report, { without, isBehind: true })),
};
