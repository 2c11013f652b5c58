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
