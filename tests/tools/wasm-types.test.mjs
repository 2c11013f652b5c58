import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { place } from "../../tools/lib/places.mjs";
import { modules } from "../../tools/lib/wasm-module.mjs";
import { isSameSurface, surfaceOf } from "../../tools/lib/wasm-types.mjs";

const built = (hash) => `/** Opens a device. */
export function open(kind: string): Promise<Engine>;

export interface InitOutput {
    readonly open: (a: number, b: number) => any;
    readonly wasm_bindgen__closures_____invoke__${hash}: (a: number) => [number, number];
}

export function initSync(module: SyncInitInput): InitOutput;
`;

test("a surface does not have what changes from build to build", () => {
  assert.equal(surfaceOf(built("h0bf07")), surfaceOf(built("h34067")));
  assert.match(surfaceOf(built("h0bf07")), /export function open[\s\S]*memory[\s\S]*initSync/);
});

const COMPARISONS = [
  ["the same", "export function a(): void;", true],
  ["another comment", "/** Does b. */\nexport function a(): void;", true],
  ["other white space", "export function a():\n  void;\n", true],
  ["another type", "export function a(): number;", false],
  ["one function more", "export function a(): void;\nexport function b(): void;", false],
];
for (const [name, other, isSame] of COMPARISONS) {
  test(`two surfaces are compared: ${name}`, () => {
    assert.equal(isSameSurface("/** Does a. */\nexport function a(): void;", other), isSame);
  });
}

test("there are types for every module", () => {
  for (const name of Object.keys(modules)) {
    const types = readFileSync(place("www", "wasm-types", name, "resnet_web.d.ts"), "utf8");
    assert.match(types, /export default|export \{ default \}/, name);
  }
});
