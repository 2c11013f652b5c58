import { afterEach, describe, expect, it, vi } from "vitest";
import { type Keeping, note, noted } from "./storage";

afterEach(() => vi.unstubAllGlobals());

/** A browser's storage, as far as it is used. */
function storage() {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => values.set(key, value),
    removeItem: (key: string) => values.delete(key),
  };
}

const refuse = () => {
  throw new DOMException("denied", "SecurityError");
};

describe.each<Keeping>(["localStorage", "sessionStorage"])("%s", (keeping) => {
  it("keeps a note until it is removed", () => {
    vi.stubGlobal(keeping, storage());
    expect(noted(keeping, "a")).toBeNull();
    expect(note(keeping, "a", "1")).toBe(true);
    expect(noted(keeping, "a")).toBe("1");
    expect(note(keeping, "a", null)).toBe(true);
    expect(noted(keeping, "a")).toBeNull();
  });

  it.each([
    ["is not there", undefined],
    ["refuses everything", { getItem: refuse, setItem: refuse, removeItem: refuse }],
  ])("keeps nothing if it %s", (_, broken) => {
    vi.stubGlobal(keeping, broken);
    expect(note(keeping, "a", "1")).toBe(false);
    expect(note(keeping, "a", null)).toBe(false);
    expect(noted(keeping, "a")).toBeNull();
  });

  it("keeps nothing if it may not even be looked at", () => {
    vi.stubGlobal(keeping, storage());
    Object.defineProperty(globalThis, keeping, { get: refuse, configurable: true });
    expect(note(keeping, "a", "1")).toBe(false);
    expect(noted(keeping, "a")).toBeNull();
  });
});
