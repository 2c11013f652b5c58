import type { WeightSource } from "resnet-web";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { allow, questionBefore } from "./consent";

const PAGE = "https://page.test/app/";
const ELSEWHERE = "https://files.test/a.pth";
const AHEAD = { host: "files.test", bytes: 100, kept: false };

let kept: Map<string, string>;
beforeEach(() => {
  kept = new Map();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  });
});
afterEach(() => vi.unstubAllGlobals());

const question = (source: WeightSource, ahead = AHEAD) =>
  questionBefore(source, PAGE, { previewWeights: async () => ahead });

describe("before weights are loaded", () => {
  it.each<[string, WeightSource]>([
    ["a file", new Blob(["x"])],
    ["the default", "./weights/manifest.json"],
    ["an address of the page's own origin", "https://page.test/other/a.pth"],
    ["an object URL of its own", "blob:https://page.test/0-1"],
  ])("nothing is asked of %s", async (_, source) => {
    const previewWeights = vi.fn();
    expect(await questionBefore(source, PAGE, { previewWeights })).toBeNull();
    expect(previewWeights).not.toHaveBeenCalled();
  });

  it.each<[string, WeightSource, string]>([
    ["of another origin", ELSEWHERE, ELSEWHERE],
    ["with a user", "https://user:secret@files.test/a.pth", ELSEWHERE],
    ["of another port", "https://page.test:8080/a.pth", "https://page.test:8080/a.pth"],
    ["without encryption", new URL("http://page.test/a.pth"), "http://page.test/a.pth"],
    [
      "of a hub's page",
      "https://huggingface.co/a/b/blob/main/c.pth",
      "https://huggingface.co/a/b/resolve/main/c.pth",
    ],
  ])("it is asked of an address %s", async (_, source, address) => {
    expect(await question(source)).toEqual({ host: "files.test", bytes: 100, address });
  });

  it("nothing is asked of what the browser keeps", async () => {
    expect(await question(ELSEWHERE, { ...AHEAD, kept: true })).toBeNull();
  });

  it("it is asked once in a visit", async () => {
    allow(ELSEWHERE);
    expect(await question(ELSEWHERE)).toBeNull();
    expect(await question(`${ELSEWHERE}?other`)).not.toBeNull();
    for (let other = 0; other < 20; other += 1) allow(`${ELSEWHERE}?${other}`);
    expect(JSON.parse([...kept.values()][0] ?? "")).toHaveLength(16);
  });

  it.each(["{", "null", "{}"])("it is asked where %o was noted", async (text) => {
    allow(ELSEWHERE);
    for (const key of kept.keys()) kept.set(key, text);
    expect(await question(ELSEWHERE)).not.toBeNull();
  });

  it("it is asked where the browser keeps nothing", async () => {
    vi.stubGlobal("sessionStorage", undefined);
    allow(ELSEWHERE);
    expect(await question(ELSEWHERE)).not.toBeNull();
  });

  it("an address that nothing is fetched from is refused", async () => {
    await expect(question("javascript:alert(1)")).rejects.toMatchObject({ code: "address" });
  });
});
