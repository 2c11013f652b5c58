import { buildPage } from "./page.mjs";
import { say as print, step } from "./steps.mjs";
import { buildModule, forModules } from "./wasm-module.mjs";

/** What a module is for, in the terminal's words. */
const USES = {
  cpu: "one thread without relaxed SIMD (Safari)",
  "cpu-relaxed": "one thread",
  "cpu-threads": "several threads without relaxed SIMD (Safari)",
  "cpu-relaxed-threads": "several threads",
  webgpu: "WebGPU",
};

/**
 * Builds the modules that the page was served without, each with a new page that has it. A failure is printed, and the page
 * and the other modules go on.
 *
 * @param names of the modules
 * @param build builds a module and a page, for tests
 * @returns the modules that the page does not have in the end
 */
export async function buildRest(names, { build = behind, say = print } = {}) {
  const toCome = new Set(names);
  const failed = new Set();
  let page = Promise.resolve();
  const buildOne = async (name) => {
    try {
      await build.module(name);
    } catch (error) {
      failed.add(name);
      say(`\n${error.message}\n\n  The page goes on without ${USES[name]}.\n`);
      return;
    }
    toCome.delete(name);
    // One page at a time, each with the modules that are there by then, whatever became of the page before.
    const before = page;
    page = before.catch(() => {}).then(() => build.page([...toCome]));
    try {
      await page;
    } catch (error) {
      failed.add(name);
      const text = `  ${name} is built, but no page with it: ${USES[name]} has to wait for the next page.`;
      say(`\n${error.message}\n\n${text}\n`);
      return;
    }
    // This page also has the modules whose own page failed.
    for (const built of [...failed].filter((each) => !toCome.has(each))) failed.delete(built);
    say(`\n  Ready: ${USES[name]}. Reload the page to use it.\n`);
  };
  await forModules(names, buildOne);
  if (failed.size === 0) say("  Everything is built.\n");
  return [...failed];
}

const behind = {
  module: (name) =>
    step(`wasm module ${name}`, (report) => buildModule(name, report, { isBehind: true })),
  page: (without) => step("page", (report) => buildPage(report, { without, isBehind: true })),
};
