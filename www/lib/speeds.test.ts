import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { faster, recallSpeeds, rememberSpeeds, speedsKey } from "./speeds";

it.each([
  [{ cpu: 10, webgpu: 9.9 }, "webgpu"],
  [{ cpu: 10, webgpu: 10 }, "webgpu"],
  [{ cpu: 10, webgpu: 10.1 }, "cpu"],
] as const)("of %o the faster is %s", (speeds, device) => {
  expect(faster(speeds)).toBe(device);
});

it("tells files and arithmetics apart", () => {
  const address = { weights: "https://example.org/a.safetensors", choices: {} };
  const keys = [
    speedsKey(address),
    speedsKey({ ...address, choices: { arithmetic: "int8" } }),
    speedsKey({ ...address, weights: "https://example.org/b.safetensors" }),
    speedsKey({ weights: new Blob(["12"]), choices: { name: "a.pth" } }),
    speedsKey({ weights: new Blob(["1"]), choices: { name: "a.pth" } }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

describe("what was measured", () => {
  const kept = new Map<string, string>();
  beforeEach(() => {
    kept.clear();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it("is remembered for each adapter", () => {
    rememberSpeeds("a", "intel", { cpu: 1, webgpu: 2 });
    rememberSpeeds("a", "apple", { cpu: 3, webgpu: 4 });
    rememberSpeeds("a", "intel", { cpu: 5, webgpu: 6 });
    expect(Object.fromEntries(recallSpeeds("a"))).toEqual({
      intel: { cpu: 5, webgpu: 6 },
      apple: { cpu: 3, webgpu: 4 },
    });
    expect(recallSpeeds("b").size).toBe(0);
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    '{"a":null}',
    '{"a":{"cpu":1}}',
    '{"a":{"cpu":1,"webgpu":"2"}}',
    '{"a":{"cpu":0,"webgpu":1}}',
  ])("is measured again where %o was kept", (text) => {
    kept.set("a", text);
    expect(recallSpeeds("a").size).toBe(0);
  });

  it("is measured again where the browser keeps nothing", () => {
    vi.stubGlobal("localStorage", undefined);
    rememberSpeeds("a", "intel", { cpu: 1, webgpu: 2 });
    expect(recallSpeeds("a").size).toBe(0);
  });
});
