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
    { code: "runtime-blocked", message: expect.stringContaining("'wasm-unsafe-eval'") },
  ],
  [
    "where there is none",
    undefined,
    { code: "browser-unsupported", message: expect.stringContaining("another browser") },
  ],
])("%s", (_, wasm, obstacle) => {
  vi.stubGlobal("WebAssembly", wasm);
  const found = obstacleToWasm();
  expect(found && { code: found.code, message: found.message }).toEqual(obstacle);
});
