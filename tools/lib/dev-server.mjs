import path from "node:path";
import { absentModules } from "./absent-modules.mjs";
import { place, root } from "./places.mjs";
import { step } from "./steps.mjs";
import { buildDevModule, devModuleFolder, moduleInputs, modules } from "./wasm-module.mjs";
import { keepTypes } from "./wasm-types.mjs";

/** Builds a module for serveModule(), and keeps its types for the checks of the page's code. */
export async function buildToWorkOn(name) {
  await step(`wasm module ${name}`, async (report) => {
    await buildDevModule(name, report);
    return keepTypes(name, devModuleFolder(name));
  });
}

/**
 * Serves the page from its sources with one wasm module, which is built again whenever Rust changes. Returns the address.
 */
export async function serveModule(name, port) {
  // Not imported at the top: this module is loaded before `npm ci` has run.
  const { createServer } = await import("vite");
  const server = await createServer({
    root,
    server: { port, watch: { ignored: ["**/target/**", "**/.tools/**", "**/dist/**"] } },
    plugins: [oneModule(name)],
  });
  await server.listen();
  rebuildOnChange(server, name);
  return server.resolvedUrls.local[0];
}

/** A Vite plugin: `name` stands for every module that needs no more than it has, and the page does without the others. */
function oneModule(name) {
  return absentModules(
    (wanted) => {
      return standsFor(name, wanted) ? place(devModuleFolder(name), "resnet_web.js") : null;
    },
    (wanted) => `The module ${wanted} is not built here: npm run dev -- --module ${wanted}`,
  );
}

/** Whether a module can take another's place: all of the CPU's compute the same, but not each has threads, or the GPU. */
export function standsFor(name, wanted) {
  if (wanted === name) return true;
  return wanted !== "webgpu" && (!modules[wanted].shared || Boolean(modules[name].shared));
}

/** Builds the module again when a file changes that goes into it, and has the page load it or show what is wrong. */
function rebuildOnChange(server, name) {
  const inputs = moduleInputs(name).map((input) => place(input));
  server.watcher.add(inputs);
  let building = false;
  let changed = false;
  server.watcher.on("all", async (_, file) => {
    if (!inputs.some((input) => file === input || file.startsWith(input + path.sep))) return;
    changed = true;
    if (building) return;
    building = true;
    while (changed) {
      changed = false;
      try {
        await buildToWorkOn(name);
        server.moduleGraph.invalidateAll();
        server.ws.send({ type: "full-reload" });
      } catch (error) {
        console.error(`\n${error.message}`);
        server.ws.send({ type: "error", err: { message: error.message, stack: "" } });
      }
    }
    building = false;
  });
}
