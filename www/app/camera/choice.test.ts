import { afterEach, describe, expect, it, vi } from "vitest";
import {
  constraintsOf,
  fallback,
  firstChoice,
  isMirrored,
  otherSide,
  rememberCamera,
} from "./choice";

afterEach(() => vi.unstubAllGlobals());

describe("the first choice", () => {
  it("is a camera that looks away from the person", () => {
    vi.stubGlobal("localStorage", { getItem: () => null });
    expect(firstChoice()).toEqual({ side: "environment" });
  });

  it("is the camera that was remembered", () => {
    const notes = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => notes.get(key) ?? null,
      setItem: (key: string, value: string) => notes.set(key, value),
    });
    rememberCamera("a");
    expect(firstChoice()).toEqual({ deviceId: "a" });
  });
});

it.each([
  [{ deviceId: "a" }, { deviceId: { exact: "a" } }],
  [{ side: "user" }, { facingMode: { ideal: "user" } }],
  [{ side: "environment" }, { facingMode: { ideal: "environment" } }],
] as const)("%o is asked for", (choice, constraints) => {
  expect(constraintsOf(choice)).toEqual({ ...constraints, width: { ideal: 1280 } });
});

describe("where a choice cannot be had", () => {
  it.each([
    ["a camera that is gone", { deviceId: "a" }, "OverconstrainedError", { side: "environment" }],
    ["a camera in use", { deviceId: "a" }, "NotReadableError", null],
    ["a refusal", { deviceId: "a" }, "NotAllowedError", null],
    ["no camera at all", { side: "user" }, "NotFoundError", null],
    ["a side that nothing fits", { side: "user" }, "OverconstrainedError", null],
  ] as const)("%s", (_, choice, name, next) => {
    expect(fallback(choice, new DOMException("no", name))).toEqual(next);
  });
});

it.each([
  [undefined, true],
  ["", true],
  ["user", true],
  ["environment", false],
  ["left", false],
])("a camera facing %o is mirrored: %o", (facingMode, mirrored) => {
  expect(isMirrored(facingMode)).toBe(mirrored);
});

it.each([
  ["user", 2, "environment"],
  ["environment", 4, "user"],
  ["environment", 1, null],
  [undefined, 2, null],
  ["left", 2, null],
])("from one facing %o of %i cameras one can switch to %o", (facingMode, cameras, side) => {
  expect(otherSide(facingMode, cameras)).toBe(side);
});
