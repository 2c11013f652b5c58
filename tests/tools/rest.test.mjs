import assert from "node:assert/strict";
import fs, { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { absentModules, modulesToCome } from "../../tools/lib/absent-modules.mjs";
import { standsFor } from "../../tools/lib/dev-server.mjs";
import { replacePage } from "../../tools/lib/page.mjs";
import { buildRest } from "../../tools/lib/rest.mjs";
import { modules } from "../../tools/lib/wasm-module.mjs";
import { mockBuiltin } from "./mock-builtin.mjs";
import { temporaryFolder } from "./temporary-folder.mjs";

/** Builds that are only noted, of which those in `broken` fail. */
function building(broken = []) {
  const pages = [];
  const said = [];
  const build = {
    module: async (name) => {
      if (broken.includes(name)) throw new Error(`${name} does not compile`);
    },
    page: async (without) => {
      if (broken.includes("page")) throw new Error("the page does not build");
      pages.push(without.join(" "));
    },
  };
  return { build, pages, said, say: (text) => said.push(text) };
}

const RESTS = {
  "nothing fails": {
    broken: [],
    failed: [],
    last: "",
    says: [/Ready: WebGPU/, /Everything is built/],
  },
  "a module fails": {
    broken: ["webgpu"],
    failed: ["webgpu"],
    last: "webgpu",
    says: [/webgpu does not compile/, /goes on without WebGPU/, /Ready: several threads/],
  },
  "no page can be built": {
    broken: ["page"],
    failed: ["cpu", "cpu-threads", "webgpu"],
    says: [/the page does not build/, /cpu-threads is built, but no page with it/],
  },
};
for (const [name, { broken, failed, last, says }] of Object.entries(RESTS)) {
  test(`the rest is built behind the page: ${name}`, async () => {
    const { build, pages, said, say } = building(broken);
    const result = await buildRest(["cpu", "cpu-threads", "webgpu"], { build, say });
    assert.deepEqual(result.sort(), failed);
    assert.equal(pages.at(-1), last);
    for (const pattern of says) assert.match(said.join("\n"), pattern);
  });
}

test("a page that fails fails no other module, and the next page has both", async () => {
  const pages = [];
  const failures = [];
  let failPage;
  const build = {
    module: async () => {},
    page: (without) => {
      pages.push(without.join(" "));
      if (pages.length > 1) return Promise.resolve();
      return new Promise((_, reject) => {
        failPage = () => reject(new Error("the page does not build"));
      });
    },
  };
  const say = (text) => /does not build/.test(text) && failures.push(text);
  // Modules with threads are built beside the others, so both wait for a page at the same time.
  const rest = buildRest(["cpu-threads", "webgpu"], { build, say });
  await new Promise(setImmediate);
  failPage();
  assert.deepEqual(await rest, []);
  assert.deepEqual(pages.length, 2);
  assert.equal(pages.at(-1), "");
  assert.equal(failures.length, 1);
});

test("each page has the modules that are there by then", async () => {
  const { build, pages, say } = building();
  await buildRest(["cpu", "webgpu"], { build, say });
  assert.deepEqual(pages, ["webgpu", ""]);
});

function sampleFolders(t, files) {
  const folder = temporaryFolder(t);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  const at = (name) => path.join(folder, name);
  const read = (file) => (existsSync(at(file)) ? readFileSync(at(file), "utf8") : undefined);
  return { at, read };
}

const SERVED = {
  "dist/index.html": "old",
  "dist/assets/index-old.js": "old",
  "dist/gone.txt": "old",
};
const FRESH = { "fresh/index.html": "new", "fresh/assets/index-new.js": "new" };
const REPLACEMENTS = {
  "a page that is served, and may be open": [SERVED, true, "old"],
  "a page that is built before it is served": [SERVED, false, undefined],
  "no page": [{}, true, undefined],
};
for (const [name, [served, keepsAssets, script]] of Object.entries(REPLACEMENTS)) {
  test(`a new page takes the place of ${name}`, (t) => {
    const { at, read } = sampleFolders(t, { ...served, ...FRESH });
    replacePage(at("dist"), at("fresh"), { keepsAssets });
    assert.equal(read("dist/index.html"), "new");
    assert.equal(read("dist/assets/index-new.js"), "new");
    assert.equal(read("dist/assets/index-old.js"), script);
    assert.equal(read("dist/gone.txt"), undefined);
    assert.equal(existsSync(at("fresh")), false);
  });
}

test("while a page is replaced, there is one", (t) => {
  const { at, read } = sampleFolders(t, { ...SERVED, ...FRESH });
  const seen = [];
  for (const name of ["renameSync", "rmSync"]) {
    const original = fs[name];
    mockBuiltin(t, fs, name, (...args) => {
      original(...args);
      seen.push(read("dist/index.html"));
    });
  }
  replacePage(at("dist"), at("fresh"), { keepsAssets: true });
  assert.deepEqual([...new Set(seen)], ["old", "new"]);
});

test("a page is replaced where there are no hard links", (t) => {
  const { at, read } = sampleFolders(t, { ...SERVED, ...FRESH });
  mockBuiltin(t, fs, "linkSync", () => {
    throw Object.assign(new Error("EPERM: operation not permitted"), { code: "EPERM" });
  });
  replacePage(at("dist"), at("fresh"), { keepsAssets: true });
  assert.equal(read("dist/index.html"), "new");
  assert.equal(read("dist/assets/index-old.js"), "old");
});

const STAND_INS = {
  "cpu-relaxed": ["cpu", "cpu-relaxed"],
  "cpu-threads": ["cpu", "cpu-relaxed", "cpu-relaxed-threads", "cpu-threads"],
  webgpu: ["cpu", "cpu-relaxed", "webgpu"],
};
for (const [name, expected] of Object.entries(STAND_INS)) {
  test(`where only ${name} is worked on, it stands for ${expected.join(", ")}`, () => {
    assert.deepEqual(
      Object.keys(modules).filter((wanted) => standsFor(name, wanted)),
      expected,
    );
  });
}

const toCome = modulesToCome(["cpu-threads"]);

const IMPORTS = [
  ["a module that is still being built", "../../wasm/cpu-threads/resnet_web", true],
  ["a module that is there", "../../wasm/cpu/resnet_web", false],
  ["another file", "../threads/threads", false],
];
for (const [name, id, isAbsent] of IMPORTS) {
  test(`the page's import of ${name}`, () => {
    const resolved = toCome.resolveId(id);
    assert.equal(resolved !== undefined, isAbsent);
    if (isAbsent) assert.match(toCome.load(resolved), /is still being built; reload the page/);
    else assert.equal(toCome.load(id), undefined);
  });
}

test("a plugin leaves the absent modules of another alone", () => {
  const id = modulesToCome(["webgpu"]).resolveId("../wasm/webgpu/resnet_web");
  assert.equal(toCome.load(id), undefined);
});

for (const name of Object.keys(modules)) {
  test(`in the place of ${name} stands code that exports the same and says why it is absent`, async () => {
    const { resolveId, load } = absentModules(
      () => null,
      () => "Not here.",
    );
    const code = load(resolveId(`../wasm/${name}/resnet_web`));
    const stub = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    await assert.rejects(stub.default(), /Not here/);
    assert.throws(() => stub.initSync(), /Not here/);
    assert.equal(typeof stub.runWorkerThread, modules[name].shared ? "function" : "undefined");
  });
}
