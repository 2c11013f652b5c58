import path from "node:path";
import { place, root } from "./places.mjs";
import { step } from "./steps.mjs";
import { buildDevModule, devModuleFolder, moduleInputs } from "./wasm-module.mjs";
import { keepTypes } from "./wasm-types.mjs";

/** Builds a module for serveModule(), and keeps its types for the checks of the page's code. */
export async function buildToWorkOn(name) {
  await step(`wasm module ${name}`, async (report) => {
    await buildDevModule(name, report);
    return keepTypes(name, devModuleFolder(name));
  });
}

/** How a source file imports a wasm module: `../wasm/cpu-relaxed/resnet_web`. */
const IMPORT = /\/wasm\/([\w-]+)\/resnet_web$/;
const ABSENT = "\0wasm-module-not-built:";

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

/**
 * A Vite plugin: `name` stands for every module of the CPU. Those that need what it may not have, threads or a GPU, fail to
 * start, and the page does without them as it does in a browser that refuses them.
 */
function oneModule(name) {
  return {
    name: "one-wasm-module",
    enforce: "pre",
    resolveId(id) {
      const [, wanted] = IMPORT.exec(id) ?? [];
      if (!wanted) return undefined;
      const stands = wanted === name || wanted === "cpu" || wanted === "cpu-relaxed";
      return stands ? place(devModuleFolder(name), "resnet_web.js") : ABSENT + wanted;
    },
    load(id) {
      if (!id.startsWith(ABSENT)) return undefined;
      const wanted = id.slice(ABSENT.length);
      const message = `The module ${wanted} is not built here: npm run dev -- --module ${wanted}`;
      return `export default async () => { throw new Error(${JSON.stringify(message)}); };`;
    },
  };
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
