import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { faster, recallSpeeds, rememberSpeeds, speedsKey } from "./speeds";

it.each([
  [{ cpu: 10, webgpu: 9.9 }, "webgpu"],
  [{ cpu: 10, webgpu: 10 }, "webgpu"],
  [{ cpu: 10, webgpu: 10.1 }, "cpu"],
] as const)("of %o the faster is %s", (speeds, device) => {
  expect(faster(speeds)).toBe(device);
});

it("keeps files and arithmetics apart", () => {
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
  const ITEM = "resnet-web:speeds";
  const SPEEDS = { cpu: 1, webgpu: 2 };
  let kept: Record<string, string>;
  beforeEach(() => {
    // As in browsers, the keys are those of the items.
    const methods = {
      getItem: (key: string) => kept[key] ?? null,
      setItem: (key: string, value: string) => {
        kept[key] = value;
      },
      removeItem: (key: string) => {
        delete kept[key];
      },
    };
    kept = Object.create(methods);
    vi.stubGlobal("localStorage", kept);
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

  it("is remembered of the last sixteen models, in one item", () => {
    for (let model = 0; model < 15; model += 1) rememberSpeeds(`${model}`, "intel", SPEEDS);
    rememberSpeeds("0", "intel", SPEEDS);
    for (let model = 15; model < 20; model += 1) rememberSpeeds(`${model}`, "intel", SPEEDS);
    const remembered = Array.from(
      { length: 20 },
      (_, model) => recallSpeeds(`${model}`).size === 1,
    );
    expect(remembered.flatMap((is, model) => (is ? [] : [model]))).toEqual([1, 2, 3, 4]);
    expect(Object.keys(kept)).toEqual([ITEM]);
  });

  it("is not remembered under an address of any length", () => {
    rememberSpeeds(`https://example.org/?${"x".repeat(1000)}`, "intel", SPEEDS);
    expect(Object.keys(kept)).toEqual([]);
  });

  it("takes the place of the items that earlier versions kept for each model", () => {
    const others = { "resnet-web:view": "{}", "resnet-web:speeds of something else": "{}" };
    Object.assign(kept, others);
    for (const model of ["a", "b"]) kept[`resnet-web:speeds | ${model} | f32`] = "{}";
    rememberSpeeds("a", "intel", SPEEDS);
    expect(Object.keys(kept).sort()).toEqual([...Object.keys(others), ITEM].sort());
  });

  it.each([
    "",
    "{",
    "null",
    "{}",
    "[1]",
    "[null]",
    "[[]]",
    '[["a"]]',
    '[["a",null]]',
    '[["a",{"intel":null}]]',
    '[["a",{"intel":{"cpu":1}}]]',
    '[["a",{"intel":{"cpu":1,"webgpu":"2"}}]]',
    '[["a",{"intel":{"cpu":0,"webgpu":1}}]]',
  ])("is measured again where %o was kept", (text) => {
    kept[ITEM] = text;
    expect(recallSpeeds("a").size).toBe(0);
    rememberSpeeds("a", "intel", SPEEDS);
    expect(recallSpeeds("a").get("intel")).toEqual(SPEEDS);
  });

  it("is measured again where the browser keeps nothing", () => {
    vi.stubGlobal("localStorage", undefined);
    rememberSpeeds("a", "intel", SPEEDS);
    expect(recallSpeeds("a").size).toBe(0);
  });
});
