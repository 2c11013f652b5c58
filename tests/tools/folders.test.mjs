import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { place } from "../../tools/lib/places.mjs";

/** Rust files below a folder, from there. */
function rustFiles(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".rs"));
  return files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

/** A file's module in its crate: `weights/format/mod.rs` is `["weights", "format"]`. */
function moduleOf(file) {
  const parts = file.replace(/\.rs$/, "").split(path.sep);
  return /^(mod|lib|main)$/.test(parts.at(-1)) ? parts.slice(0, -1) : parts;
}

/** What is between the braces of `a::{b, c::{d, e}}`, each as a path of its own. */
function expand(tree) {
  const open = tree.indexOf("{");
  if (open < 0) return [tree.trim()];
  const inner = tree.slice(open + 1, tree.lastIndexOf("}"));
  const parts = [""];
  let depth = 0;
  for (const c of inner) {
    if (c === "{") depth++;
    if (c === "}") depth--;
    if (c === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += c;
  }
  return parts
    .filter((part) => part.trim())
    .flatMap((part) => expand(tree.slice(0, open) + part.trim()));
}

/** Paths that a file's code names, from the crate's root. Comments and unit tests do not count. */
function pathsIn(text, module) {
  const code = text.replace(/#\[cfg\(test\)\][^;{]*mod tests[\s\S]*$/, "").replace(/\/\/.*$/gm, "");
  const trees =
    code.match(/\b(?:crate|super)::(?:[\w:\s]|\{[^;{}]*(?:\{[^{}]*\}[^{}]*)*\})+/g) ?? [];
  return trees.flatMap(expand).map((whole) => {
    const parts = whole.split("::").map((part) => part.trim());
    let from = parts[0] === "crate" ? [] : module;
    for (const part of parts) if (part === "super") from = from.slice(0, -1);
    return [...from, ...parts.filter((part) => part !== "crate" && part !== "super")];
  });
}

/** The modules that each module's siblings use, folder by folder: `{"weights": Map(name -> names)}`. */
function graphs(files) {
  const modules = new Set(Object.keys(files).map((file) => moduleOf(file).join("/")));
  const found = {};
  for (const [file, text] of Object.entries(files)) {
    const from = moduleOf(file);
    for (const to of pathsIn(text, from)) {
      while (to.length > 0 && !modules.has(to.join("/"))) to.pop();
      let shared = 0;
      while (shared < from.length && from[shared] === to[shared]) shared++;
      // A folder's own mod.rs is above what is in it.
      if (shared === from.length || shared === to.length) continue;
      const folder = from.slice(0, shared).join("/");
      found[folder] ??= new Map();
      const graph = found[folder];
      if (!graph.has(from[shared])) graph.set(from[shared], new Set());
      graph.get(from[shared]).add(to[shared]);
    }
  }
  return found;
}

/** The first circle in a graph, as its names in order, or undefined. */
function circle(graph) {
  const done = new Set();
  const visit = (name, way) => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of graph.get(name) ?? []) {
      const found = visit(next, [...way, name]);
      if (found) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const found = visit(name, []);
    if (found) return found;
  }
  return undefined;
}

const circlesIn = (files) =>
  Object.entries(graphs(files)).flatMap(([folder, graph]) => {
    const found = circle(graph);
    return found ? [`${folder || "the crate"}: ${found.join(" -> ")}`] : [];
  });

test("modules of a crate do not use each other in a circle", () => {
  const crates = readdirSync(place("crates")).map((name) => `crates/${name}/src`);
  const faults = [...crates, "src"].flatMap((root) => {
    const files = rustFiles(place(root)).map((file) => [
      file,
      readFileSync(path.join(place(root), file), "utf8"),
    ]);
    return circlesIn(Object.fromEntries(files)).map((fault) => `${root}, ${fault}`);
  });
  assert.deepEqual(faults, []);
});

test("circles are found in every form of an import, and only there", () => {
  const cases = {
    none: [{ "a.rs": "use crate::b::X;", "b.rs": "" }, []],
    "two files": [
      { "a.rs": "use crate::b::X;", "b.rs": "use super::a::{Y, Z};" },
      ["the crate: a -> b -> a"],
    ],
    "a path in an expression": [
      {
        "a.rs": "fn f() { crate::b::g() }",
        "b.rs": "use crate::{c, d::{X, Y}};",
        "c.rs": "",
        "d.rs": "use crate::a;",
      },
      ["the crate: a -> b -> d -> a"],
    ],
    "folders, not files": [
      { "a/x.rs": "use crate::b::y::Y;", "b/y.rs": "", "b/z.rs": "use crate::a::x::X;" },
      ["the crate: a -> b -> a"],
    ],
    "within a folder": [
      { "a/mod.rs": "use x::X;", "a/x.rs": "use super::y::Y;", "a/y.rs": "use crate::a::x::X;" },
      ["a: x -> y -> x"],
    ],
    "a folder and its own files": [
      { "a/mod.rs": "use crate::a::x::X;", "a/x.rs": "use super::Error;" },
      [],
    ],
    "comments and unit tests": [
      {
        "a.rs": "use crate::b::X;",
        "b.rs": "// crate::a\n#[cfg(test)]\nmod tests { use crate::a::Y; }",
      },
      [],
    ],
  };
  for (const [name, [files, expected]] of Object.entries(cases)) {
    assert.deepEqual(circlesIn(files), expected, name);
  }
});

/** The folders of www, and those that each may use the values of. */
const USES = {
  protocol: [],
  files: ["protocol"],
  images: ["protocol"],
  worker: ["files", "images", "protocol", "wasm"],
  "service-worker": [],
  lib: ["files", "images", "protocol"],
  // In Node the library is on both sides: it brings the worker's code what a browser has.
  "lib/node": ["files", "images", "lib", "protocol", "worker"],
  cli: ["lib/node", "protocol", "wasm"],
  // It uses the library by the package's name.
  app: ["service-worker"],
};
/** And of which only the types: they leave nothing in the built page. */
const USES_TYPES = { lib: ["worker"] };

/** The folder of {@link USES} that a file of www is in. */
const folderOf = (file) => (file.startsWith("lib/node/") ? "lib/node" : file.replace(/\/.*/, ""));

/** Folders of www that a file's imports are from, as `{ folder, isType }`. */
function importsIn(file, text) {
  const forms = [
    /^(?:import|export)\s+(?<type>type\s)?[^"';]*?from\s+"(?<path>\.[^"]*)"/gm,
    /^import\s+"(?<path>\.[^"]*)"/gm,
    /\bimport\(\s*"(?<path>\.[^"]*)"/gm,
  ];
  return forms.flatMap((form) =>
    [...text.matchAll(form)].map(({ groups }) => {
      const target = path.posix.join(path.posix.dirname(file), groups.path);
      return { folder: folderOf(target), isType: groups.type !== undefined };
    }),
  );
}

/** Imports that go against {@link USES}, from files by their path in www. */
const wrongUses = (files) =>
  Object.entries(files).flatMap(([file, text]) => {
    const from = folderOf(file);
    return importsIn(file, text)
      .filter(({ folder, isType }) => {
        const allowed = [from, ...USES[from], ...((isType && USES_TYPES[from]) || [])];
        return !folder.startsWith("..") && !allowed.includes(folder);
      })
      .map(({ folder, isType }) => `${file} uses ${isType ? "types" : "values"} of ${folder}`);
  });

test("folders of www use each other only in the direction of ARCHITECTURE.md", () => {
  const www = place("www");
  const files = readdirSync(www, { recursive: true })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => name.split(path.sep).join("/"))
    .filter((file) => folderOf(file) in USES);
  const texts = files.map((file) => [file, readFileSync(path.join(www, file), "utf8")]);
  assert.deepEqual(wrongUses(Object.fromEntries(texts)), []);
});

test("imports against the direction are found in every form, and only there", () => {
  const cases = {
    "with the direction": ["lib/a.ts", 'import { x } from "../protocol/x";', []],
    "within a folder": ["worker/a/b.ts", 'export { x } from "../c";', []],
    "a type that may be used": ["lib/a.ts", 'import type { X } from "../worker/x";', []],
    "outside of www": ["worker/a.test.ts", 'import x from "../../tests/x.json";', []],
    "a value": ["lib/a.ts", 'import { x } from "../worker/x";', ["values of worker"]],
    "several lines": ["worker/a.ts", 'import {\n  x,\n  y,\n} from "../lib/x";', ["values of lib"]],
    "a type": ["protocol/a.ts", 'import type { X } from "../lib/x";', ["types of lib"]],
    "an export": ["lib/a.ts", 'export { x } from "../app/x";', ["values of app"]],
    "an effect": ["lib/a.ts", 'import "../app/x";', ["values of app"]],
    "at run time": ["worker/a.ts", 'await import("../lib/x")', ["values of lib"]],
  };
  for (const [name, [file, text, expected]] of Object.entries(cases)) {
    const found = wrongUses({ [file]: text });
    assert.deepEqual(
      found,
      expected.map((what) => `${file} uses ${what}`),
      name,
    );
  }
});

test("workers start no workers: in Firefox the one that starts another can wait for ever", () => {
  const folder = place("www", "worker");
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.ts$/.test(name));
  const starting = files.filter((name) =>
    /new Worker\b/.test(readFileSync(path.join(folder, name), "utf8")),
  );
  assert.deepEqual(starting, []);
});
