import { afterEach, describe, expect, it, vi } from "vitest";
import { type Keeper, NETWORK_LIMIT, respond, STORAGE_LIMIT } from "./respond";

const ORIGIN = "https://host.test";
const SCOPE = `${ORIGIN}/page/`;
const INDEX = `${SCOPE}index.html`;
const SCRIPT = `${SCOPE}assets/index.js`;
const WORKER = `${SCOPE}assets/worker.js`;
const PHOTO = `${SCOPE}photos/a.png`;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

interface Asked {
  url: string;
  destination: string;
  method?: string;
  headers?: Record<string, string>;
}

/** A keeper that has these files, of the page's. */
function keeper(files: string[], more: Partial<Keeper> = {}): Keeper {
  const all = [INDEX, SCRIPT, WORKER, PHOTO];
  return {
    scope: SCOPE,
    lists: (address) => all.includes(address),
    kept: async (address) =>
      files.includes(address) ? new Response(`kept ${address}`) : undefined,
    isWhole: async () => all.every((file) => files.includes(file)),
    isolates: async () => false,
    ...more,
  };
}

const WHOLE = [INDEX, SCRIPT, WORKER, PHOTO];
const ISOLATES: Partial<Keeper> = { isolates: async () => true };

function ask({ method = "GET", headers = {}, ...asked }: Asked, by: Keeper) {
  return respond({ ...asked, method, headers: new Headers(headers) } as Request, by);
}

const document = (url: string) => ({ url, destination: "document" });
const worker = (url: string) => ({ url, destination: "worker" });
const fetched = (url: string, destination = "") => ({ url, destination });

/** What the network answers; null where there is none. */
function network(answers: ((request: Request) => Response) | null) {
  const fetch = vi.fn(async (request: Request) => {
    if (!answers) throw new TypeError("offline");
    return answers(request);
  });
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

const LEFT: [string, Asked][] = [
  ["a page in a folder below", document(`${SCOPE}blog/`)],
  ["a page of a folder above", document(`${ORIGIN}/`)],
  ["a page that wants no service worker", document(`${SCOPE}?offline=off`)],
  ["a form that is sent", { ...document(SCOPE), method: "POST" }],
  ["a worker of another origin", worker("https://other.test/worker.js")],
  ["weights", fetched(`${SCOPE}weights/a.safetensors`)],
  ["the manifest of weights", fetched(`${SCOPE}weights/manifest.json`)],
  ["weights of another origin", fetched("https://other.test/page/assets/index.js")],
  ["a file that is none of the page's", fetched(`${SCOPE}assets/other.js`, "script")],
  ["a part of a file", { ...fetched(PHOTO, "image"), headers: { range: "bytes=9-" } }],
  ["a part of the page", { ...document(SCOPE), headers: { range: "bytes=9-" } }],
];

describe.each<[string, Partial<Keeper>]>([
  ["isolates", ISOLATES],
  ["does not isolate", {}],
])("a service worker that %s", (_, isolates) => {
  it.each(LEFT)("keeps out of %s", (_, asked) => {
    expect(ask(asked, keeper(WHOLE, isolates))).toBeNull();
  });
});

describe("what is kept is answered without the network:", () => {
  it.each<[string, Asked, string]>([
    ["the page", document(SCOPE), INDEX],
    ["the page by its file's name", document(`${INDEX}?device=cpu#result`), INDEX],
    ["the page with settings", document(`${SCOPE}?device=cpu`), INDEX],
    ["the page without isolation", document(`${SCOPE}?isolation=off`), INDEX],
    ["a worker", worker(WORKER), WORKER],
    ["a script", fetched(SCRIPT, "script"), SCRIPT],
    ["a photo", fetched(PHOTO, "image"), PHOTO],
    ["a photo that a script fetches", fetched(`${PHOTO}#here`), PHOTO],
  ])("%s", async (_, asked, file) => {
    const asks = network(null);
    expect(await (await ask(asked, keeper(WHOLE)))?.text()).toBe(`kept ${file}`);
    expect(asks).not.toHaveBeenCalled();
  });
});

describe("what is not kept comes from the network:", () => {
  it.each<[string, Asked]>([
    ["the page", document(SCOPE)],
    ["another page of the folder", document(`${SCOPE}about.html`)],
    ["a worker", worker(WORKER)],
    ["a script", fetched(SCRIPT, "script")],
  ])("%s", async (_, asked) => {
    const asks = network(() => new Response("fetched"));
    expect(await (await ask(asked, keeper([])))?.text()).toBe("fetched");
    // Exactly what the browser asked for.
    expect(asks.mock.calls).toEqual([[expect.objectContaining(asked)]]);
  });

  it.each<[string, Asked]>([
    ["the page", document(SCOPE)],
    ["a worker", worker(WORKER)],
  ])("%s fails as the network does", async (_, asked) => {
    network(null);
    await expect(ask(asked, keeper([]))).rejects.toThrow("offline");
  });
});

describe("a page that is kept in part", () => {
  const part = [INDEX, SCRIPT];

  it("comes from the network, which may have another version", async () => {
    network(() => new Response("fetched"));
    expect(await (await ask(document(SCOPE), keeper(part)))?.text()).toBe("fetched");
  });

  it("does what it can without one", async () => {
    network(null);
    expect(await (await ask(document(SCOPE), keeper(part)))?.text()).toBe(`kept ${INDEX}`);
  });
});

describe("a step that never comes to its end is given up:", () => {
  const never = () => new Promise<never>(() => {});
  const fails = () => Promise.reject(new Error("storage"));
  const STORAGE: [string, Partial<Keeper>][] = [
    ["the list of what is kept", { isWhole: never }],
    ["the file that is kept", { kept: never }],
    ["whether to isolate", { isolates: never }],
    ["all of the storage", { isWhole: never, kept: never, isolates: never }],
    ["all of the storage, by failing", { isWhole: fails, kept: fails, isolates: fails }],
  ];
  const REQUESTS: [string, Asked, string][] = [
    ["the page", document(SCOPE), INDEX],
    ["a worker", worker(WORKER), WORKER],
    ["a script", fetched(SCRIPT, "script"), SCRIPT],
    ["a photo", fetched(PHOTO, "image"), PHOTO],
  ];
  const EVERY = STORAGE.flatMap(([step, more]) =>
    REQUESTS.map(([what, asked]) => ({ step, what, asked, more })),
  );

  /** What becomes of a request in as long as every step of it may take. */
  async function outcome(asked: Asked, by: Keeper): Promise<string> {
    vi.useFakeTimers();
    const answered = ask(asked, by)?.then(
      (response) => response.text(),
      ({ message }: Error) => `failed: ${message}`,
    );
    const over = new Promise<string>((resolve) =>
      setTimeout(resolve, 2 * STORAGE_LIMIT + NETWORK_LIMIT + 1, "hangs"),
    );
    const first = Promise.race([answered ?? "left alone", over]);
    await vi.runAllTimersAsync();
    return first;
  }

  it.each(EVERY)("$step, for $what: there is an answer", async ({ asked, more }) => {
    network(() => new Response("fetched"));
    expect(await outcome(asked, keeper(WHOLE, more))).toMatch(/^(fetched|kept .*)$/);
  });

  it.each(EVERY)("$step, for $what, without a network", async ({ asked, more }) => {
    network(null);
    expect(await outcome(asked, keeper(WHOLE, more))).toMatch(/^(failed: offline|kept .*)$/);
  });

  it.each(REQUESTS)("the storage, slow, without a network, for %s", async (_, asked, file) => {
    network(null);
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1.5 * STORAGE_LIMIT));
      return new Response(`kept ${file}`);
    };
    expect(await outcome(asked, keeper(WHOLE, { kept: slow }))).toBe(`kept ${file}`);
  });

  it("the network, where a page is kept in part", async () => {
    vi.stubGlobal("fetch", never);
    expect(await outcome(document(SCOPE), keeper([INDEX]))).toBe(`kept ${INDEX}`);
  });
});

describe("isolation", () => {
  const HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  };
  const own = { "content-type": "text/plain", "x-own": "kept" };

  const DECIDES: [string, Asked][] = [
    ["the page", document(SCOPE)],
    ["the page by its file's name", document(`${INDEX}?device=cpu#result`)],
    ["another page of the folder", document(`${SCOPE}about.html`)],
    ["a worker", worker(WORKER)],
    ["a worker of elsewhere on the site", worker(`${ORIGIN}/worker.js`)],
    ["a shared worker", { url: WORKER, destination: "sharedworker" }],
  ];

  it.each(DECIDES)("adds the headers to %s from the network", async (_, asked) => {
    network(() => new Response("body", { status: 203, headers: own }));
    const answered = await ask(asked, keeper([], ISOLATES));
    expect(answered?.status).toBe(203);
    expect(await answered?.text()).toBe("body");
    expect(Object.fromEntries(answered?.headers ?? [])).toEqual({ ...own, ...HEADERS });
  });

  it.each(DECIDES)("leaves %s alone unless it was requested", async (_, asked) => {
    network(() => new Response("body", { headers: own }));
    const answered = await ask(asked, keeper([]));
    expect(Object.fromEntries(answered?.headers ?? [])).toEqual(own);
  });

  it.each<[string, Asked]>([
    ["the page", document(SCOPE)],
    ["a worker", worker(WORKER)],
  ])("adds the headers to %s as it is kept", async (_, asked) => {
    network(null);
    const answered = await ask(asked, keeper(WHOLE, ISOLATES));
    expect(Object.fromEntries(answered?.headers ?? [])).toMatchObject(HEADERS);
    expect(await answered?.text()).toMatch(/^kept/);
  });

  it.each<[string, Asked]>([
    ["a page that wants none", document(`${SCOPE}?isolation=off`)],
    ["a script", fetched(SCRIPT, "script")],
    ["a photo", fetched(PHOTO, "image")],
  ])("leaves %s alone", async (_, asked) => {
    const kept = async () => new Response("body", { headers: own });
    const answered = await ask(asked, keeper(WHOLE, { ...ISOLATES, kept }));
    expect(Object.fromEntries(answered?.headers ?? [])).toEqual(own);
  });

  it("keeps the headers that the server sent when the page was kept", async () => {
    const kept = async () => new Response("body", { headers: HEADERS });
    const answered = await ask(document(SCOPE), keeper(WHOLE, { kept }));
    expect(Object.fromEntries(answered?.headers ?? [])).toMatchObject(HEADERS);
  });

  it.each([
    ["a redirect", "opaqueredirect"],
    ["an error", "error"],
  ])("hands %s on whole", async (_, type) => {
    const response = { status: 0, type } as Response;
    network(() => response);
    expect(await ask(document(SCOPE), keeper([], ISOLATES))).toBe(response);
  });

  it("hands on an answer without a body", async () => {
    network(() => new Response(null, { status: 304 }));
    expect((await ask(document(SCOPE), keeper([], ISOLATES)))?.status).toBe(304);
  });
});
