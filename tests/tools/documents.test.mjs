import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { place, root } from "../../tools/lib/places.mjs";

/** What a build makes. */
const BUILT =
  /^(www\/wasm|www\/public\/weights|docs\/(node_modules|public|reference\/(api|generated)))\//;

const DOCUMENTS = [
  ...["ARCHITECTURE.md", "BENCHMARKS.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"],
  ...readdirSync(place("docs"), { recursive: true })
    .map((name) => path.posix.join("docs", name.split(path.sep).join("/")))
    .filter((name) => name.endsWith(".md") && !BUILT.test(name) && !name.includes("/.vitepress/")),
];

/** Code that names a place in the repository, from its top. */
const PLACE = /`((?:crates|src|www|tests|tools|bench|docs|fuzz|\.github)\/[^\s`]*)`/g;
/** The target of a link, without an anchor. */
const LINK = /\]\(([^)#\s]+)(?:#[^)]*)?\)/g;

/** `a/{b,c}` as `a/b` and `a/c`. */
function expanded(text) {
  const [whole, choices] = text.match(/\{([^}]*)\}/) ?? [];
  if (!whole) return [text];
  return choices.split(",").flatMap((choice) => expanded(text.replace(whole, choice)));
}

/** The part of a place before the first folder or name that has a wildcard. */
function beforeWildcard(text) {
  const parts = text.split("/");
  const wild = parts.findIndex((part) => part.includes("*"));
  return (wild < 0 ? parts : parts.slice(0, wild)).join("/");
}

/** The page that says where the package comes from. */
const INSTALL = "docs/how-to/install.md";
/** What only works where the package is installed. In the text, or at the beginning of a line in a sample. */
const NEEDS_PACKAGE = /^(npm install .*resnet-web|npx resnet-web)|`npx resnet-web/m;
/** Pages for those who publish the package or have a checkout. */
const HAS_PACKAGE = ["docs/releasing.md", "README.md", INSTALL];
/** The package as npm will have it, or a program of another package. */
const FROM_NPM = /^npm (install|i) (--\S+ )*resnet-web|^npx (?!resnet-web\b)\S+/m;

/** The documents that a document links to. */
function linkedFrom(document) {
  return [...readFileSync(place(document), "utf8").matchAll(LINK)].map(([, target]) =>
    path.posix.join(path.posix.dirname(document), target),
  );
}

test("a page that needs the package leads to where it comes from, in two steps at most", () => {
  const without = DOCUMENTS.filter((document) => {
    const text = readFileSync(place(document), "utf8");
    if (HAS_PACKAGE.includes(document) || !NEEDS_PACKAGE.test(text)) return false;
    const near = linkedFrom(document);
    const begins = /^(npm install|npx resnet-web)/m.test(text);
    if (near.includes(INSTALL)) return false;
    return (
      begins || !near.some((next) => DOCUMENTS.includes(next) && linkedFrom(next).includes(INSTALL))
    );
  });
  assert.deepEqual(without, []);
});

test("until the package is on npm, no page takes it or another one from there", () => {
  const pages = [...DOCUMENTS.filter((document) => document.startsWith("docs/")), "README.md"];
  const wrong = pages.filter((document) => FROM_NPM.test(readFileSync(place(document), "utf8")));
  assert.deepEqual(wrong, []);
});

/** A file's name and the SHA-256 that follows it in a sample. */
const CHECKSUM = /([\w.-]+\.(?:pth|safetensors))"[^`]*?\b([0-9a-f]{64})\b/g;

test("a SHA-256 in the documents is that of one file", () => {
  const files = new Map();
  for (const document of DOCUMENTS) {
    for (const [, file, sha256] of readFileSync(place(document), "utf8").matchAll(CHECKSUM)) {
      files.set(sha256, (files.get(sha256) ?? new Set()).add(file));
    }
  }
  assert.ok(files.size > 1);
  assert.deepEqual(
    [...files.values()].filter(({ size }) => size > 1),
    [],
  );
});

test("the files that the documents name exist", () => {
  const missing = [];
  for (const document of DOCUMENTS) {
    const text = readFileSync(place(document), "utf8");
    const places = [...text.matchAll(PLACE)]
      .flatMap(([, name]) => expanded(name))
      .filter((name) => !BUILT.test(name))
      .map((name) => path.join(root, beforeWildcard(name)));
    const links = [...text.matchAll(LINK)]
      .filter(([, target]) => !/^\w+:/.test(target))
      .map(([, target]) => path.join(path.dirname(document), target))
      .filter((name) => !BUILT.test(name))
      .map((name) => path.join(root, name));
    for (const file of [...places, ...links]) {
      if (!existsSync(file)) missing.push(`${document}: ${path.relative(root, file)}`);
    }
  }
  assert.deepEqual(missing, []);
});
