import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Fault } from "./fault.mjs";
import { place } from "./places.mjs";
import { CONVERTER, moduleFolder, modules, TYPES, typesFolder } from "./wasm-module.mjs";

/**
 * The types of the wasm modules' JavaScript are in the repository, so that the page's code is checked without a build:
 * those of the modules with threads, those of the converter, and those of the others. tsconfig.json lays this folder over
 * www/wasm.
 */
const FOLDER = path.join("www", "wasm-types");

const fileOf = (name) => path.join(FOLDER, typesFolder(name), "resnet_web.d.ts");

/** wasm-bindgen's types of a module without what changes from build to build: what the wasm itself exports. */
export function surfaceOf(declarations) {
  return declarations.replace(
    /(export interface InitOutput \{\n)[^}]*\}/,
    "$1    readonly memory: WebAssembly.Memory;\n}",
  );
}

/** Whether two surfaces are the same apart from comments. */
export function isSameSurface(one, other) {
  const [a, b] = [one, other].map((text) =>
    text
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .replace(/\s+/g, " ")
      .trim(),
  );
  return a === b;
}

/** Copies the types of a module that was built in `folder` to the repository if they differ there, and returns a note then. */
export function keepTypes(name, folder = moduleFolder(name)) {
  const surface = surfaceIn(folder);
  const file = fileOf(name);
  if (surface === readFileSync(place(file), "utf8")) return undefined;
  mkdirSync(path.dirname(place(file)), { recursive: true });
  writeFileSync(place(file), surface);
  return `${file} has new types`;
}

/** The names that a module's JavaScript exports beside its default. */
export function exportsOf(name) {
  const types = readFileSync(place(fileOf(name)), "utf8");
  return [...types.matchAll(/^export (?:class|function) (\w+)/gm)].map(([, own]) => own);
}

/** Throws a Fault where the types in the repository are not those of the built modules. */
export function checkSurfaces() {
  const other = [...Object.keys(modules), CONVERTER].filter((name) => {
    return !isSameSurface(surfaceIn(moduleFolder(name)), readFileSync(place(fileOf(name)), "utf8"));
  });
  if (other.length === 0) return;
  throw new Fault(
    `${FOLDER} does not have the types of ${other.join(", ")}: run \`npm run build\` and commit what it changes there.`,
  );
}

function surfaceIn(folder) {
  return surfaceOf(readFileSync(place(folder, TYPES), "utf8"));
}
