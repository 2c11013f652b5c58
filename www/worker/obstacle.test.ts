import { afterEach, expect, it, vi } from "vitest";
import { obstacleToWasm } from "./obstacle";

afterEach(() => vi.unstubAllGlobals());

/** Engines word it differently; all of them throw. */
class Forbidden {
  constructor() {
    throw new WebAssembly.CompileError("blocked by CSP");
  }
}

it.each([
  ["where wasm runs", WebAssembly, null],
  [
    "where a policy forbids it",
    { ...WebAssembly, Module: Forbidden },
    /Policy.*'wasm-unsafe-eval'/,
  ],
  ["where there is none", undefined, /no WebAssembly.*another browser/],
])("%s", (_, wasm, says) => {
  vi.stubGlobal("WebAssembly", wasm);
  const obstacle = obstacleToWasm();
  if (says) expect(obstacle).toMatch(says);
  else expect(obstacle).toBeNull();
});
