import { ResNetError } from "resnet-web";
import { afterEach, expect, it, vi } from "vitest";
import { isOutdated, raisesDoubt } from "./check";

afterEach(() => vi.unstubAllGlobals());

const SCRIPT = "./assets/index-old.js";
const html = (script: string) => `<!doctype html><script type="module" src="${script}"></script>`;

it.each<[string, () => Promise<Response>, boolean]>([
  ["the same page", async () => new Response(html(SCRIPT)), false],
  ["the page with another script", async () => new Response(html("./assets/index-new.js")), true],
  ["that nothing is there", async () => new Response("gone", { status: 404 }), false],
  ["nothing", () => Promise.reject(new TypeError("Failed to fetch")), false],
])("a server that answers %s", async (_, answer, outdated) => {
  const asked: unknown[] = [];
  vi.stubGlobal("fetch", (...request: unknown[]) => {
    asked.push(request);
    return answer();
  });
  expect(await isOutdated("https://example.org/page/", SCRIPT)).toBe(outdated);
  // The browser's own copy would always be the same page.
  expect(asked).toEqual([
    ["https://example.org/page/", expect.objectContaining({ cache: "no-store" })],
  ]);
});

it.each([
  ["runtime-download", true],
  ["runtime-crashed", true],
  ["runtime-given-up", true],
  ["labels", true],
  ["runtime-blocked", false],
  ["image-decode", false],
  ["weights-download", false],
] as const)("%s raises the question: %s", (code, doubt) => {
  expect(raisesDoubt(new ResNetError(code, ""))).toBe(doubt);
  expect(raisesDoubt(null)).toBe(false);
});
