import { exportsOf } from "./wasm-types.mjs";

/** How a source file imports a wasm module: `../wasm/cpu-relaxed/resnet_web`. */
const IMPORT = /\/wasm\/([\w-]+)\/resnet_web$/;
const ABSENT = "\0wasm-module-not-built:";

/**
 * A Vite plugin for a page without some of the wasm modules. Those fail to start, and the page does without them as it does
 * in a browser that refuses them.
 *
 * @param placeOf returns the JavaScript to take for a module, null where there is none, undefined for the module's own
 * @param reasonOf says why a module is absent
 */
export function absentModules(placeOf, reasonOf) {
  return {
    name: "absent-wasm-modules",
    enforce: "pre",
    resolveId(id) {
      const [, name] = IMPORT.exec(id) ?? [];
      const file = name && placeOf(name);
      return file === null ? ABSENT + name : file || undefined;
    },
    load(id) {
      const name = id.startsWith(ABSENT) ? id.slice(ABSENT.length) : undefined;
      // `npm run dev` has this plugin twice, each with modules of its own.
      if (!name || placeOf(name) !== null) return undefined;
      const exported = exportsOf(name).map((own) => `absent as ${own}`);
      return `
        const absent = () => { throw new Error(${JSON.stringify(reasonOf(name))}); };
        export { ${exported.join(", ")} };
        export default async () => absent();
      `;
    },
  };
}

/** The plugin for modules that are still being built, by their names. */
export function modulesToCome(names) {
  return absentModules(
    (name) => (names.includes(name) ? null : undefined),
    (name) =>
      `the module "${name}" is still being built; reload the page when the terminal says that it is ready`,
  );
}
