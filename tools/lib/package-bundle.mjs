import { readFileSync } from "node:fs";
import path from "node:path";
import { Fault } from "./fault.mjs";
import { place, root } from "./places.mjs";
import { modules } from "./wasm-module.mjs";

/** Browsers that this code runs in, as the page's. */
const TARGET = "es2022";

/** The files that no browser runs. */
const FOR_NODE = ["node.js", "node-worker.js", "node-thread.js", "cli.js"];
/** What takes the place of a browser's module in them. */
const IN_NODE = {
  "www/worker/pixels/read.ts": "www/lib/node/engine/pixels.ts",
  "www/worker/post.ts": "www/lib/node/engine/post.ts",
};

/** An address beside a file, as bundlers look for it. */
const ADDRESS = /new URL\(\s*(["'])([^"']+)\1,\s*import\.meta\.url,?\s*\)/g;

/**
 * Bundles each of the `entries`, and each file of TypeScript that one of them addresses, into one file of JavaScript.
 *
 * Nothing is imported at run time but other entries: many bundlers make a worker of one file only.
 *
 * @param entries sources by their names in the package
 * @param addressed what may be addressed by `new URL(…, import.meta.url)`, as places in the package by sources
 */
export async function bundle({ entries, addressed, folder }) {
  const workers = Object.entries(addressed).filter(([source]) => source.endsWith(".ts"));
  const files = [
    ...Object.entries(entries).map(([name, source]) => ({ source, file: `${name}.js` })),
    // Workers are often served as they are.
    ...workers.map(([source, file]) => ({ source, file, mangle: true })),
  ];
  for (const each of files) await bundleFile(each, addressed, folder);
}

/** @param mangle whether names are shortened, too: stack traces show those of the library */
async function bundleFile({ source, file, mangle = false }, addressed, folder) {
  // Tools are loaded before the packages are installed.
  const { rolldown } = await import("rolldown");
  const build = await rolldown({
    input: place(source),
    cwd: root,
    platform: FOR_NODE.includes(file) ? "node" : "browser",
    tsconfig: false,
    transform: { target: TARGET },
    external: [/^node:/],
    plugins: [
      itself(file),
      ...(FOR_NODE.includes(file) ? [inNode] : []),
      sharedGlue,
      packageAddresses(file, addressed),
      plainAddresses,
    ],
    onLog(level, log) {
      if (level === "warn") throw new Fault(`${file}: ${log.message}`);
    },
  });
  try {
    const { output } = await build.write({
      dir: folder,
      entryFileNames: file,
      format: "es",
      // Node shows the line where an error was thrown.
      minify: FOR_NODE.includes(file) ? false : { compress: true, mangle, codegen: true },
      codeSplitting: false,
    });
    const [, ...others] = output;
    if (others.length > 0) throw new Fault(`${file} was built as ${output.length} files.`);
  } finally {
    await build.close();
  }
}

/** The library's entries use one another by the package's name. */
function itself(file) {
  return {
    name: "itself",
    resolveId(id) {
      const [, entry] = /^resnet-web(?:\/([\w-]+))?$/.exec(id) ?? [id];
      if (!/^resnet-web(\/|$)/.test(id)) return undefined;
      const target = `./${entry ?? "index"}.js`;
      if (target === `./${file}`) throw new Fault(`${file} imports itself.`);
      return { id: target, external: true };
    },
  };
}

/** Takes the modules for Node in place of those for browsers. */
const inNode = {
  name: "in-node",
  async resolveId(id, importer) {
    const found = await this.resolve(id, importer, { skipSelf: true });
    const source = found && path.relative(root, found.id).split(path.sep).join("/");
    if (!source?.startsWith("www/")) return found;
    // package.json says of the package's files which of them do something when they are imported, not of the sources.
    return { id: IN_NODE[source] ? place(IN_NODE[source]) : found.id, moduleSideEffects: true };
  },
};

/** The JavaScript that wasm-bindgen wrote for a module. */
const GLUE = /\/www\/wasm\/([\w-]+)\/resnet_web\.js$/;

/**
 * Modules with and without relaxed SIMD have the same JavaScript. It is bundled once, with the addresses of both: a worker runs one
 * of them.
 */
const sharedGlue = {
  name: "shared-glue",
  load(id) {
    const [, name] = GLUE.exec(id) ?? [];
    if (!name) return undefined;
    const code = readFileSync(id, "utf8");
    const glueOf = (other) => place("www", "wasm", other, "resnet_web.js");
    const first = Object.keys(modules).find(
      (other) => readFileSync(glueOf(other), "utf8") === code,
    );
    if (!first || first === name) return code;
    return `
      import init from "../${first}/resnet_web.js";
      export * from "../${first}/resnet_web.js";
      const own = () => new URL("resnet_web_bg.wasm", import.meta.url);
      export default (source = own()) => init({ module_or_path: source });
    `;
  },
};

/** Writes addresses as they are in the package, from the folder of `file`. */
function packageAddresses(file, addressed) {
  return {
    name: "package-addresses",
    transform(code, id) {
      if (!code.includes("import.meta.url")) return undefined;
      return code.replace(ADDRESS, (_, _quote, address) => {
        const source = path.relative(root, path.resolve(path.dirname(id), address));
        const target = addressed[source.split(path.sep).join("/")];
        if (!target) throw new Fault(`${id} addresses ${source}, which the package does not have.`);
        return `new URL("${addressFrom(path.posix.dirname(file), target)}", import.meta.url)`;
      });
    },
  };
}

/** What the entries address is below a folder with the package's name, and an address that begins with it has no dot before it. */
function addressFrom(folder, target) {
  const relative = path.posix.relative(folder, target);
  return relative.startsWith("resnet-web/") ? relative : `./${relative}`;
}

/** The minifier writes plain strings as template literals, in which not every bundler looks for addresses. */
const plainAddresses = {
  name: "plain-addresses",
  generateBundle(_, files) {
    for (const chunk of Object.values(files)) {
      chunk.code = chunk.code
        ?.replace(/new URL\(`([^`$]*)`/g, 'new URL("$1"')
        .replace(/\btype:`module`/g, 'type:"module"');
    }
  },
};
