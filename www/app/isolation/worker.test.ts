import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";

const SOURCE = readFileSync("www/public/isolation-worker.js", "utf8");
const ORIGIN = "https://host.test";

afterEach(() => vi.unstubAllGlobals());

interface Asked {
  url: string;
  destination: string;
  method?: string;
  headers?: Record<string, string>;
}

/** The service worker of a page in `/page/`: what it answers to a request, or undefined where it keeps out of it. */
function worker() {
  const listeners: Record<string, (event: unknown) => void> = {};
  const unregister = vi.fn();
  const self = {
    location: { origin: ORIGIN },
    registration: { scope: `${ORIGIN}/page/`, unregister },
    addEventListener: (type: string, listener: (event: unknown) => void) => {
      listeners[type] = listener;
    },
  };
  new Function("self", SOURCE)(self);
  return {
    unregister,
    tell: (data: unknown) => listeners.message?.({ data, waitUntil: () => {} }),
    answer({ method = "GET", headers = {}, ...asked }: Asked): Promise<Response> | undefined {
      let answer: Promise<Response> | undefined;
      listeners.fetch?.({
        request: { ...asked, method, headers: new Headers(headers) },
        respondWith: (response: Promise<Response>) => {
          answer = response;
        },
      });
      return answer;
    },
  };
}

const document = (url: string) => ({ url, destination: "document" });

const TOUCHED: [string, Asked][] = [
  ["the page", document(`${ORIGIN}/page/`)],
  ["the page by its file's name", document(`${ORIGIN}/page/index.html?device=cpu#result`)],
  ["a worker", { url: `${ORIGIN}/page/assets/worker.js`, destination: "worker" }],
];

const LEFT: [string, Asked][] = [
  ["a page that wants no isolation", document(`${ORIGIN}/page/?isolation=off`)],
  ["a page in a folder below", document(`${ORIGIN}/page/blog/`)],
  ["a form that is sent", { ...document(`${ORIGIN}/page/`), method: "POST" }],
  ["a worker of another origin", { url: "https://other.test/worker.js", destination: "worker" }],
  ["weights", { url: `${ORIGIN}/page/weights/a.pth`, destination: "" }],
  ["a module", { url: `${ORIGIN}/page/assets/index.js`, destination: "script" }],
  ["a photo", { url: `${ORIGIN}/page/photos/a.png`, destination: "image" }],
  [
    "a part of a file",
    { url: `${ORIGIN}/page/`, destination: "document", headers: { range: "bytes=9-" } },
  ],
];

describe("the service worker that isolates", () => {
  it.each(TOUCHED)("adds the headers to %s", async (_, asked) => {
    const headers = { "content-type": "text/plain", "x-own": "kept" };
    vi.stubGlobal("fetch", async () => new Response("body", { status: 203, headers }));
    const answer = await worker().answer(asked);
    expect(answer?.status).toBe(203);
    expect(await answer?.text()).toBe("body");
    expect(Object.fromEntries(answer?.headers ?? [])).toEqual({
      ...headers,
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
  });

  it.each(LEFT)("keeps out of %s", (_, asked) => {
    expect(worker().answer(asked)).toBeUndefined();
  });

  it("asks the network for exactly what the browser asked for", async () => {
    const fetched = vi.fn(async (_: unknown) => new Response(""));
    vi.stubGlobal("fetch", fetched);
    await worker().answer(document(`${ORIGIN}/page/`));
    expect(fetched.mock.calls).toEqual([[expect.objectContaining(document(`${ORIGIN}/page/`))]]);
  });

  it.each([
    ["a redirect", "opaqueredirect"],
    ["an error", "error"],
  ])("hands %s on whole", async (_, type) => {
    const response = { status: 0, type };
    vi.stubGlobal("fetch", async () => response);
    expect(await worker().answer(document(`${ORIGIN}/page/`))).toBe(response);
  });

  it("fails as the network does", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("offline");
    });
    await expect(worker().answer(document(`${ORIGIN}/page/`))).rejects.toThrow("offline");
  });

  it("hands on an answer without a body", async () => {
    vi.stubGlobal("fetch", async () => new Response(null, { status: 304 }));
    expect((await worker().answer(document(`${ORIGIN}/page/`)))?.status).toBe(304);
  });

  it("unregisters itself when it is told to, and only then", () => {
    const { tell, unregister } = worker();
    tell("something");
    expect(unregister).not.toHaveBeenCalled();
    tell("unregister");
    expect(unregister).toHaveBeenCalledOnce();
  });
});
