import { createHash } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { toResNetError } from "../../protocol/errors";
import type { Progress } from "../../protocol/types";
import { keyOfAddress, keyOfContent } from "./cache";
import { mostBytes } from "./ceiling";
import { noStorage, type Storage, type Stored, storage } from "./fake-cache";
import { type Answering, type Asked, atOnce, body, PAGE, serve } from "./fake-server";
import {
  cachedWeights,
  clearWeights,
  fetchWeights,
  forgetWeights,
  type WeightRequest,
} from "./index";
import { RETRY_POLICY } from "./retry-policy";

afterEach(() => vi.unstubAllGlobals());

const MANIFEST = `${PAGE}/weights/manifest.json`;
const FILE_URL = `${PAGE}/weights/a.safetensors`;
const ELSEWHERE = "https://files.test/a.safetensors";
/** They begin as PyTorch's pickles do. */
const [FILE, NEWER] = [0, 100].map((first) =>
  Uint8Array.from({ length: 100 }, (_, index) => [0x80, 2][index] ?? first + index),
) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const keyOf = (bytes: Uint8Array) => keyOfContent(sha256(bytes));
/** Where earlier versions of this page kept a file that was checked. */
const oldKeyOf = (bytes: Uint8Array) => `${FILE_URL}?sha256=${sha256(bytes)}`;
const DATE = "Tue, 01 Jan 2030 00:00:00 GMT";
const INDEX = "https://weights.invalid/index";

type Fault = Parameters<typeof body>[1];

const sends =
  (file: Uint8Array, headers: Record<string, string> = {}, fault?: Fault): Answering =>
  () =>
    new Response(body(file, fault), {
      headers: { "content-length": `${file.length}`, ...headers },
    });
const manifest = (content: unknown = describing(FILE)): Answering => {
  return () => Response.json(content);
};
const describing = (bytes: Uint8Array) => ({
  file: "a.safetensors",
  bytes: bytes.length,
  sha256: sha256(bytes),
});
const status =
  (code: number): Answering =>
  () =>
    new Response(code === 304 ? null : "", { status: code });
const unreachable: Answering = () => {
  throw new TypeError("Failed to fetch");
};
const webPage: Answering = () =>
  new Response("<!doctype html>", { headers: { "content-type": "text/html; charset=utf-8" } });
/** What remains of a file, from whatever byte. */
const rest: Answering = ({ headers }) => {
  const from = Number(/\d+/.exec(headers.Range ?? "")?.[0]);
  return new Response(body(FILE.subarray(from)), {
    status: 206,
    headers: { "content-range": `bytes ${from}-99/100` },
  });
};

interface Outcome {
  bytes: number[];
  name: string;
  kept: unknown;
  progress: Progress[];
}

async function load(request: Partial<WeightRequest>, most = 1_000_000): Promise<Outcome> {
  const progress: Progress[] = [];
  const { blob, name, kept } = await fetchWeights(
    {
      url: MANIFEST,
      signal: new AbortController().signal,
      onProgress: (step) => progress.push(step),
      ...request,
    },
    atOnce(),
    most,
  );
  return { bytes: [...new Uint8Array(await blob.arrayBuffer())], name, kept, progress };
}

/** The keys of the files in the cache. */
const files = (stored: Stored) => [...stored.keys()].filter((key) => key !== INDEX);

const CACHED = { cached: true };
const QUOTA = { cached: false, reason: "quota" };
const UNAVAILABLE = { cached: false, reason: "unavailable" };

interface Case {
  name: string;
  url?: string;
  sha256?: string;
  browser?: Storage | "none";
  /** Loads that went before, each with its answers. */
  before?: Answering[][];
  /** What happens to the cache in between. */
  meanwhile?: (stored: Stored) => void;
  answers: Answering[];
  /** What has to come out; the file if left out. */
  gives?: Uint8Array;
  kept?: unknown;
  /** Whether what came out came from the cache. */
  cached?: boolean;
  fails?: { code: string; message: RegExp };
  /** The files that are in the cache afterwards. */
  stores?: string[];
  asks?: Partial<Asked>[];
}

/** Puts something else in a stored file's place. */
function damaged(
  stored: Stored,
  bytes: Uint8Array<ArrayBuffer>,
  key: string,
  headers: Record<string, string> = {},
): void {
  stored.set(key, { body: new Blob([bytes]), headers: new Headers(headers) });
}

const WITH_MANIFEST: Case[] = [
  {
    name: "is downloaded, checked and kept",
    answers: [manifest(), sends(FILE)],
    stores: [keyOf(FILE)],
    asks: [
      { url: MANIFEST, cache: "no-cache" },
      { url: FILE_URL, cache: "no-store" },
    ],
  },
  {
    name: "comes from the cache the next time",
    before: [[manifest(), sends(FILE)]],
    answers: [manifest()],
    cached: true,
    stores: [keyOf(FILE)],
  },
  {
    name: "may say its checksum in capital letters",
    answers: [manifest({ ...describing(FILE), sha256: sha256(FILE).toUpperCase() }), sends(FILE)],
    stores: [keyOf(FILE)],
  },
  {
    name: "was kept by an earlier version of this page, without an index",
    meanwhile: (stored) => damaged(stored, FILE, oldKeyOf(FILE)),
    answers: [manifest()],
    cached: true,
    stores: [keyOf(FILE)],
  },
  {
    name: "was kept by an earlier version of this page, and is damaged",
    meanwhile: (stored) => damaged(stored, NEWER, oldKeyOf(FILE)),
    answers: [manifest(), sends(FILE)],
    stores: [keyOf(FILE)],
  },
  {
    name: "is damaged in the cache",
    before: [[manifest(), sends(FILE)]],
    meanwhile: (stored) => damaged(stored, NEWER, keyOf(FILE)),
    answers: [manifest(), sends(FILE)],
    stores: [keyOf(FILE)],
  },
  {
    name: "is cut short in the cache",
    before: [[manifest(), sends(FILE)]],
    meanwhile: (stored) => damaged(stored, FILE.slice(50), keyOf(FILE)),
    answers: [manifest(), sends(FILE)],
    stores: [keyOf(FILE)],
  },
  {
    name: "has a new content: the old one goes",
    before: [[manifest(), sends(FILE)]],
    answers: [manifest(describing(NEWER)), sends(NEWER)],
    gives: NEWER,
    stores: [keyOf(NEWER)],
  },
  {
    name: "leaves other files alone",
    before: [[manifest({ ...describing(NEWER), file: "b.safetensors" }), sends(NEWER)]],
    answers: [manifest(), sends(FILE)],
    stores: [keyOf(NEWER), keyOf(FILE)],
  },
  {
    name: "comes from the cache if another address gave the same content",
    before: [[manifest({ ...describing(FILE), file: "b.safetensors" }), sends(FILE)]],
    answers: [manifest()],
    cached: true,
    stores: [keyOf(FILE)],
  },
  {
    name: "leaves files alone that differ in their query",
    before: [[manifest({ ...describing(NEWER), file: "a.safetensors?v=1" }), sends(NEWER)]],
    answers: [manifest({ ...describing(FILE), file: "a.safetensors?v=2" }), sends(FILE)],
    stores: [keyOf(NEWER), keyOf(FILE)],
  },
  {
    name: "breaks off and goes on",
    answers: [manifest(), sends(FILE, { etag: '"one"' }, { breaks: 40 }), rest],
    stores: [keyOf(FILE)],
  },
  {
    name: "breaks off and resumes without a version: its checksum is enough",
    answers: [manifest(), sends(FILE, {}, { breaks: 40 }), rest],
    stores: [keyOf(FILE)],
  },
  {
    name: "comes compressed, with another length",
    answers: [manifest(), sends(FILE, { "content-encoding": "gzip", "content-length": "60" })],
    stores: [keyOf(FILE)],
  },
  {
    name: "comes compressed from elsewhere, where the browser hides that",
    url: "https://files.test/manifest.json",
    answers: [manifest(), sends(FILE, { "content-length": "60" })],
    stores: [keyOf(FILE)],
  },
  {
    name: "is named with a user and a password, and asked for without",
    answers: [
      manifest({ ...describing(FILE), file: "https://user:secret@files.test/a.safetensors" }),
      sends(FILE),
    ],
    asks: [{ url: MANIFEST }, { url: ELSEWHERE }],
  },
  {
    name: "has a wrong checksum",
    answers: [manifest(), sends(NEWER)],
    fails: { code: "weights-checksum", message: /SHA-256 [0-9a-f]{64} instead of [0-9a-f]{64}/ },
    stores: [],
  },
  {
    name: "has another length",
    answers: [manifest(), sends(FILE.slice(0, 50))],
    fails: { code: "weights-checksum", message: /has 50 bytes instead of 100/ },
    stores: [],
  },
  {
    name: "is too long, without a declared length",
    answers: [
      manifest(describing(FILE.slice(0, 50))),
      () => new Response(body(FILE, { stalls: 60 })),
    ],
    fails: { code: "weights-checksum", message: /has more than 50 bytes/ },
    stores: [],
  },
  {
    name: "is not there",
    answers: [manifest(), status(404)],
    fails: { code: "weights-download", message: /The server answered 404/ },
    stores: [],
  },
  {
    name: "is a web page",
    answers: [manifest(), webPage],
    fails: { code: "weights-download", message: /a web page instead of weights/ },
    stores: [],
  },
  {
    name: "breaks off for good",
    answers: [manifest(), sends(FILE, {}, { breaks: 40 }), ...Array(5).fill(unreachable)],
    fails: { code: "weights-download", message: /broke off after 40 bytes/ },
    stores: [],
  },
  ...[
    { file: "a.safetensors" },
    { ...describing(FILE), file: "" },
    { ...describing(FILE), file: "http://" },
    { ...describing(FILE), file: "file:///a.safetensors" },
    { ...describing(FILE), bytes: "100" },
    { ...describing(FILE), bytes: 0 },
    { ...describing(FILE), sha256: "abc" },
    [],
    null,
  ].map((content, index) => ({
    name: `has a manifest that is none (${index})`,
    answers: [manifest(content)],
    fails: {
      code: "weights-download",
      message: /manifest\.json is no manifest of weights: it needs "file"/,
    },
    stores: [],
  })),
  {
    name: "has a manifest that is a web page",
    answers: [webPage],
    fails: { code: "weights-download", message: /a web page instead of a manifest/ },
  },
  {
    name: "has a manifest that is too long",
    answers: [manifest("x".repeat(2 << 20))],
    fails: { code: "weights-download", message: /has more than 1 MiB, too much for a manifest/ },
  },
  {
    name: "has a manifest that is cut short",
    answers: [() => new Response('{"file": "a')],
    fails: { code: "weights-download", message: /is no manifest/ },
  },
  {
    name: "is here, and the server is out of reach: the manifest is the one that named it",
    before: [[manifest(), sends(FILE)]],
    answers: [unreachable],
    cached: true,
    stores: [keyOf(FILE)],
  },
  {
    name: "is here, and the server is busy",
    before: [[manifest(), sends(FILE)]],
    answers: [status(503)],
    cached: true,
  },
  {
    name: "is here, and the server never answers",
    before: [[manifest(), sends(FILE)]],
    answers: [() => new Promise(() => {})],
    cached: true,
  },
  {
    name: "is here, and the manifest breaks off for good",
    before: [[manifest(), sends(FILE)]],
    answers: [
      () => new Response(body(new Uint8Array(50), { breaks: 20 })),
      ...Array(5).fill(unreachable),
    ],
    cached: true,
  },
  {
    name: "is not here any more, and nothing is within reach",
    before: [[manifest(), sends(FILE)]],
    meanwhile: (stored) => stored.delete(keyOf(FILE)),
    answers: Array(4).fill(unreachable),
    fails: { code: "weights-download", message: /a\.safetensors could not be reached/ },
  },
  {
    name: "was never here, and nothing is within reach",
    answers: Array(3).fill(unreachable),
    fails: { code: "weights-download", message: /manifest\.json could not be reached/ },
  },
  {
    name: "is here, but the manifest is gone",
    before: [[manifest(), sends(FILE)]],
    answers: [status(404)],
    fails: { code: "weights-download", message: /The server answered 404/ },
    stores: [keyOf(FILE)],
  },
  {
    name: "is the one that was asked for",
    sha256: sha256(FILE).toUpperCase(),
    answers: [manifest(), sends(FILE)],
  },
  {
    name: "is not the one that was asked for",
    sha256: sha256(NEWER),
    answers: [manifest()],
    fails: { code: "weights-checksum", message: /names a file with SHA-256 .* is expected/ },
  },
];

const etag = { etag: '"one"' };
const dated = { "last-modified": DATE };

const WITHOUT: Case[] = [
  {
    name: "is downloaded and kept",
    answers: [sends(FILE, etag)],
    stores: [keyOfAddress(FILE_URL)],
  },
  {
    name: "is kept under an address without a fragment",
    url: `${FILE_URL}#here`,
    answers: [sends(FILE, etag)],
    stores: [keyOfAddress(FILE_URL)],
  },
  {
    name: "has not changed",
    before: [[sends(FILE, { ...etag, ...dated })]],
    answers: [status(304)],
    cached: true,
    stores: [keyOfAddress(FILE_URL)],
    asks: [{ headers: { "If-None-Match": '"one"', "If-Modified-Since": DATE } }],
  },
  {
    name: "has changed",
    before: [[sends(FILE, etag)]],
    answers: [sends(NEWER, { etag: '"two"' })],
    gives: NEWER,
    stores: [keyOfAddress(FILE_URL)],
  },
  {
    name: "has changed, and the download breaks for good: the old one stays",
    before: [[sends(FILE, etag)]],
    answers: [sends(NEWER, { etag: '"two"' }, { breaks: 40 }), status(404)],
    fails: { code: "weights-download", message: /404/ },
    stores: [keyOfAddress(FILE_URL)],
  },
  {
    name: "is out of reach",
    before: [[sends(FILE, etag)]],
    answers: [unreachable, unreachable],
    cached: true,
    stores: [keyOfAddress(FILE_URL)],
  },
  {
    name: "is out of reach, and was never here",
    answers: Array(3).fill(unreachable),
    fails: { code: "weights-download", message: /could not be reached/ },
    stores: [],
  },
  {
    name: "is with a server that is busy",
    before: [[sends(FILE, etag)]],
    answers: [status(503)],
    cached: true,
  },
  {
    name: "is with a server that never answers",
    before: [[sends(FILE, etag)]],
    answers: [() => new Promise(() => {}), () => new Promise(() => {})],
    cached: true,
  },
  {
    name: "is gone",
    before: [[sends(FILE, etag)]],
    answers: [status(404)],
    fails: { code: "weights-download", message: /404/ },
  },
  {
    name: "leads to another origin, which refuses conditions, and has not changed",
    before: [[sends(FILE, dated)]],
    answers: [unreachable, sends(new Uint8Array(), dated)],
    cached: true,
    asks: [{ method: "GET" }, { method: "HEAD", headers: {} }],
  },
  {
    name: "has no version: it is downloaded again",
    before: [[sends(FILE)]],
    answers: [sends(NEWER)],
    gives: NEWER,
    asks: [{ headers: {} }],
  },
  {
    name: "has no version and is out of reach",
    before: [[sends(FILE)]],
    answers: [unreachable],
    cached: true,
  },
  {
    name: "is damaged in the cache",
    before: [[sends(FILE, etag)]],
    meanwhile: (stored) => damaged(stored, FILE.slice(50), keyOfAddress(FILE_URL)),
    answers: [sends(FILE, etag)],
    stores: [keyOfAddress(FILE_URL)],
    asks: [{ headers: {} }],
  },
  {
    name: "has not changed, but the copy is damaged",
    before: [[sends(FILE, etag)]],
    meanwhile: (stored) => damaged(stored, NEWER, keyOfAddress(FILE_URL), etag),
    answers: [status(304), sends(FILE, etag)],
    stores: [keyOfAddress(FILE_URL)],
    asks: [{ headers: { "If-None-Match": '"one"' } }, { headers: {} }],
  },
  {
    name: "from elsewhere has not changed: no header is sent that needs leave",
    url: ELSEWHERE,
    before: [[sends(FILE, dated)]],
    answers: [sends(new Uint8Array(), dated)],
    cached: true,
    asks: [{ method: "HEAD", headers: {} }],
  },
  {
    name: "from elsewhere has changed",
    url: ELSEWHERE,
    before: [[sends(FILE, dated)]],
    answers: [
      sends(new Uint8Array(), { "last-modified": "Wed, 02 Jan 2030 00:00:00 GMT" }),
      sends(NEWER),
    ],
    gives: NEWER,
    asks: [{ method: "HEAD" }, { method: "GET", headers: {} }],
  },
  {
    name: "from elsewhere, where such a question is refused",
    url: ELSEWHERE,
    before: [[sends(FILE, dated)]],
    answers: [status(405), sends(NEWER)],
    gives: NEWER,
  },
  {
    name: "from elsewhere is out of reach",
    url: ELSEWHERE,
    before: [[sends(FILE, dated)]],
    answers: [unreachable],
    cached: true,
  },
  {
    name: "from elsewhere is out of reach or not allowed",
    url: ELSEWHERE,
    answers: Array(3).fill(unreachable),
    fails: { code: "weights-download", message: /by CORS \(Access-Control-Allow-Origin\)/ },
  },
  {
    name: "has the right checksum",
    sha256: sha256(FILE),
    answers: [sends(FILE)],
    stores: [keyOf(FILE)],
  },
  {
    name: "has the right checksum, and is here: no request is needed",
    sha256: sha256(FILE),
    before: [[sends(FILE)]],
    answers: [],
    cached: true,
    stores: [keyOf(FILE)],
  },
  {
    name: "has a wrong checksum",
    sha256: sha256(NEWER),
    answers: [sends(FILE)],
    fails: { code: "weights-checksum", message: /SHA-256 [0-9a-f]{64} instead of [0-9a-f]{64}/ },
    stores: [],
  },
  {
    name: "cannot be joined from parts without a version",
    answers: [sends(FILE, {}, { breaks: 40 }), rest],
    fails: {
      code: "weights-download",
      message: /does not say whether the file is still the same/,
    },
    stores: [],
  },
];

const WITHOUT_ROOM: Case[] = [
  {
    name: "there is no cache",
    browser: "none",
    answers: [manifest(), sends(FILE)],
    kept: UNAVAILABLE,
    asks: [{}, { cache: "no-cache" }],
  },
  {
    name: "there is no cache, and the checksum is wrong",
    browser: "none",
    answers: [manifest(), sends(NEWER)],
    fails: { code: "weights-checksum", message: /SHA-256/ },
  },
  {
    name: "the cache is forbidden",
    browser: { open: () => Promise.reject(new DOMException("no", "SecurityError")) },
    answers: [manifest(), sends(FILE)],
    kept: UNAVAILABLE,
  },
  {
    name: "the cache fails",
    browser: {
      beforePut: () => {
        throw new DOMException("disk", "UnknownError");
      },
    },
    answers: [manifest(), sends(FILE)],
    kept: UNAVAILABLE,
    stores: [],
  },
  {
    name: "the room is used up in the middle: what came is not asked for again",
    browser: { room: 50 },
    answers: [manifest(), sends(FILE)],
    kept: QUOTA,
    stores: [],
  },
  {
    name: "the browser says that there is no room: the file is not asked for twice",
    browser: { estimate: { quota: 1000, usage: 950 } },
    answers: [manifest(), sends(FILE)],
    kept: QUOTA,
    stores: [],
  },
  {
    name: "the browser says that there is no room for a file without a manifest",
    url: FILE_URL,
    browser: { estimate: { quota: 1000, usage: 950 } },
    answers: [sends(FILE)],
    kept: QUOTA,
    stores: [],
  },
  {
    name: "the browser has room",
    browser: { estimate: { quota: 1000, usage: 900 } },
    answers: [manifest(), sends(FILE)],
    stores: [keyOf(FILE)],
  },
];

async function holds({ url, sha256: digest, browser, before = [], meanwhile, ...test }: Case) {
  const stored = browser === "none" ? new Map() : storage(browser);
  if (browser === "none") noStorage();
  const request = { ...(url && { url }), ...(digest && { sha256: digest }) };
  for (const answers of before) {
    serve(...answers);
    await load(request);
  }
  meanwhile?.(stored);
  const asked = serve(...test.answers);
  if (test.fails) {
    const error = await load(request).then(() => null, toResNetError);
    expect({ code: error?.code, message: error?.message }).toEqual({
      code: test.fails.code,
      message: expect.stringMatching(test.fails.message),
    });
  } else {
    const { bytes, name, kept, progress } = await load(request);
    const cached = test.cached ?? false;
    expect(bytes).toEqual([...(test.gives ?? FILE)]);
    expect(name).toBe("a.safetensors");
    expect(kept).toEqual(test.kept ?? CACHED);
    expect(progress.at(-1)).toMatchObject({ loaded: 100, cached });
    if (cached) expect(progress.every((step) => step.cached)).toBe(true);
  }
  if (test.stores) expect(files(stored)).toEqual(test.stores);
  expect(asked).toHaveLength(test.answers.length);
  // No connection is left open.
  expect(asked.filter(({ signal }) => !signal?.aborted)).toEqual([]);
  if (test.asks) expect(asked).toMatchObject(test.asks);
}

describe("a file with a manifest", () => {
  it.each(WITH_MANIFEST)("$name", holds);
});

describe("a file of its own", () => {
  it.each(WITHOUT.map((test) => ({ url: FILE_URL, ...test })))("$name", holds);
});

describe("a file that cannot be kept is used all the same:", () => {
  it.each(WITHOUT_ROOM)("$name", holds);
});

describe("progress", () => {
  it.each<[string, Answering[], number | null]>([
    ["with a length", [sends(FILE)], 100],
    ["without a length", [() => new Response(body(FILE))], null],
    ["compressed", [sends(FILE, { "content-encoding": "gzip", "content-length": "60" })], null],
    ["resumed", [sends(FILE, etag, { breaks: 40 }), rest], 100],
  ])("%s", async (_, answers, total) => {
    storage();
    serve(...answers);
    const { progress } = await load({ url: FILE_URL });
    const expected = Array.from({ length: 11 }, (_, piece) => 10 * piece);
    expect(progress).toEqual(expected.map((loaded) => ({ loaded, total, cached: false })));
  });

  it("compressed, with a manifest", async () => {
    storage();
    serve(manifest(), sends(FILE, { "content-encoding": "gzip", "content-length": "60" }));
    const { progress } = await load({});
    expect(progress.every(({ total }) => total === 100)).toBe(true);
  });
});

describe("cancelling", () => {
  const reason = new DOMException("enough", "AbortError");
  const silence: Answering = () => new Promise(() => {});
  it.each<[string, { answers: Answering[]; browser?: Storage }]>([
    ["while the manifest is awaited", { answers: [silence] }],
    ["while the file is awaited", { answers: [manifest(), silence] }],
    ["while the file comes", { answers: [manifest(), sends(FILE, etag, { stalls: 40 })] }],
    [
      "while the connection is broken",
      { answers: [manifest(), sends(FILE, etag, { breaks: 40 }), rest] },
    ],
    [
      "while the file comes that there is no room for",
      {
        answers: [manifest(), sends(FILE, etag, { stalls: 40 })],
        browser: { estimate: { quota: 1000, usage: 950 } },
      },
    ],
  ])("%s", async (_, { answers, browser }) => {
    const stored = storage(browser);
    const controller = new AbortController();
    serve(...answers);
    const work = fetchWeights(
      { url: MANIFEST, signal: controller.signal, onProgress() {} },
      { ...atOnce(), silence: 5000, sleep: RETRY_POLICY.sleep },
    );
    setTimeout(() => controller.abort(reason), 20);
    await expect(work).rejects.toBe(reason);
    expect(toResNetError(reason).code).toBe("aborted");
    expect(files(stored)).toEqual([]);
  });

  it("before it began", async () => {
    storage();
    const asked = serve();
    await expect(load({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(asked).toEqual([]);
  });

  it("while a copy is read, which stays", async () => {
    const stored = storage();
    serve(manifest(), sends(FILE), manifest());
    await load({});
    const controller = new AbortController();
    const work = load({ signal: controller.signal, onProgress: () => controller.abort(reason) });
    await expect(work).rejects.toBe(reason);
    expect(files(stored)).toEqual([keyOf(FILE)]);
  });

  it("while it is asked whether a copy is current", async () => {
    const stored = storage();
    serve(sends(FILE, etag), silence);
    await load({ url: FILE_URL });
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 5);
    await expect(load({ url: FILE_URL, signal: controller.signal })).rejects.toBe(reason);
    expect(files(stored)).toEqual([keyOfAddress(FILE_URL)]);
  });
});

/** What the index says of the files. */
async function indexIn(stored: Stored): Promise<Record<string, object>> {
  return new Response(stored.get(INDEX)?.body).json();
}

it("what the index has lost is worked out again", async () => {
  const stored = storage();
  damaged(stored, FILE, keyOf(FILE));
  serve(manifest());
  await load({});
  expect(await indexIn(stored)).toEqual({
    [keyOf(FILE)]: {
      url: FILE_URL,
      bytes: 100,
      digests: [sha256(FILE)],
      sha256: sha256(FILE),
      used: 1,
      manifest: { url: MANIFEST, says: describing(FILE) },
    },
  });
});

describe("a checksum cannot be got round", () => {
  it.each([
    ["as earlier versions kept it", oldKeyOf(FILE)],
    ["as it is kept now", keyOf(FILE)],
  ])("by an address that looks like the key of checked content, %s", async (_, address) => {
    storage();
    serve(sends(NEWER, etag));
    await load({ url: address });
    serve(manifest(), sends(FILE));
    expect((await load({})).bytes).toEqual([...FILE]);
  });

  it.each([
    ["an index that says nothing of the check", null],
    ["an index that says that another checksum was seen", sha256(NEWER)],
  ])("by %s", async (_, seen) => {
    const stored = storage();
    damaged(stored, NEWER, keyOf(FILE));
    const entry = { url: FILE_URL, bytes: 100, digests: [sha256(NEWER)], sha256: seen, used: 1 };
    stored.set(INDEX, {
      body: new Blob([JSON.stringify({ [keyOf(FILE)]: entry })]),
      headers: new Headers(),
    });
    serve(manifest(), sends(FILE));
    expect((await load({})).bytes).toEqual([...FILE]);
  });

  it("and the index is no weight file", async () => {
    storage();
    serve(sends(FILE, etag));
    await load({ url: FILE_URL });
    const asked = serve(sends(NEWER, etag));
    expect((await load({ url: INDEX })).bytes).toEqual([...NEWER]);
    expect(asked).toHaveLength(1);
  });
});

describe("what an earlier version of this page kept", () => {
  const old = (key: string, bytes: Uint8Array, more: object = {}) => ({
    [key]: { bytes: bytes.length, digests: [sha256(bytes)], used: 1, ...more },
  });
  const keeps = (stored: Stored, key: string, bytes: Uint8Array<ArrayBuffer>, index: object) => {
    damaged(stored, bytes, key, etag);
    stored.set(INDEX, { body: new Blob([JSON.stringify(index)]), headers: new Headers() });
  };

  it("is taken over, and the manifest too for a visit without a network", async () => {
    const stored = storage();
    const named = { manifest: { url: MANIFEST, says: describing(FILE) } };
    keeps(stored, oldKeyOf(FILE), FILE, old(oldKeyOf(FILE), FILE, named));
    serve(unreachable);
    expect(await load({})).toMatchObject({ bytes: [...FILE], kept: CACHED });
    expect([...stored.keys()].sort()).toEqual([INDEX, keyOf(FILE)].sort());
  });

  it("is taken over with its version, if only its address is known", async () => {
    const stored = storage();
    keeps(stored, FILE_URL, FILE, old(FILE_URL, FILE));
    const asked = serve(status(304));
    expect((await load({ url: FILE_URL })).bytes).toEqual([...FILE]);
    expect(asked).toMatchObject([{ headers: { "If-None-Match": '"one"' } }]);
    expect(files(stored)).toEqual([keyOfAddress(FILE_URL)]);
  });

  it("is not taken at its word", async () => {
    const stored = storage();
    keeps(stored, oldKeyOf(FILE), NEWER, old(oldKeyOf(FILE), NEWER));
    serve(manifest(), sends(FILE));
    expect((await load({})).bytes).toEqual([...FILE]);
  });

  it("goes if it cannot be taken over", async () => {
    const stored = storage({
      beforePut: (key) => {
        if (key !== INDEX) throw new DOMException("no room", "QuotaExceededError");
      },
    });
    keeps(stored, FILE_URL, FILE, old(FILE_URL, FILE));
    expect(await cachedWeights()).toEqual({ files: 0, bytes: 0 });
    expect([...stored.keys()]).toEqual([INDEX]);
  });
});

describe("a file that is too large", () => {
  const TOO_LARGE = (has: string) => ({
    code: "too-large",
    message: `${FILE_URL} ${has} 50 bytes (4.7e-8 GiB), the most that the network's memory can have here. Choose a smaller file.`,
  });
  it.each<[string, string, Answering[], string]>([
    [
      "by its manifest is not asked for",
      MANIFEST,
      [manifest()],
      "has 100 bytes, which is more than",
    ],
    [
      "by the length that the server gives",
      FILE_URL,
      [sends(FILE)],
      "has 100 bytes, which is more than",
    ],
    [
      "and does not end",
      FILE_URL,
      [() => new Response(body(FILE, { stalls: 60 }))],
      "goes on after",
    ],
    [
      "and does not end, in parts",
      FILE_URL,
      [() => new Response(body(FILE, { breaks: 40 }), { headers: etag }), rest],
      "goes on after",
    ],
  ])("%s", async (_, url, answers, has) => {
    const stored = storage();
    const asked = serve(...answers);
    const error = await load({ url }, 50).then(() => null, toResNetError);
    expect({ code: error?.code, message: error?.message }).toEqual(TOO_LARGE(has));
    expect(asked).toHaveLength(answers.length);
    expect(asked.filter(({ signal }) => !signal?.aborted)).toEqual([]);
    expect(files(stored)).toEqual([]);
  });

  it("is not given from the cache either", async () => {
    storage();
    serve(sends(FILE, etag), status(304));
    await load({ url: FILE_URL });
    await expect(load({ url: FILE_URL }, 50)).rejects.toMatchObject({ code: "too-large" });
  });

  it.each([
    [true, 2 ** 31],
    [false, 2 ** 32],
  ])("of shared memory (%s) is one of %i bytes", (isolated, most) => {
    vi.stubGlobal("crossOriginIsolated", isolated);
    expect(mostBytes()).toBe(most);
  });
});

it("what does not begin as weights is not fetched to its end, and not kept", async () => {
  const stored = storage();
  const page = Uint8Array.from({ length: 100_000 }, () => "x".charCodeAt(0));
  const asked = serve(() => new Response(body(page, { stalls: 50_000 })));
  const { bytes, kept } = await load({ url: FILE_URL });
  // For the reader to say what it is.
  expect(bytes.length).toBeGreaterThanOrEqual(1024);
  expect(bytes.length).toBeLessThan(2048);
  expect(kept).toEqual(UNAVAILABLE);
  expect(asked[0]?.signal?.aborted).toBe(true);
  expect(files(stored)).toEqual([]);
});

it.each([
  ["the manifest's address", MANIFEST, true],
  ["the file's", FILE_URL, true],
  ["the file's with a fragment", `${FILE_URL}#here`, true],
  ["another", ELSEWHERE, false],
])("a file that a manifest named is forgotten by %s", async (_, address, isForgotten) => {
  const stored = storage();
  serve(manifest(), sends(FILE));
  await load({});
  await forgetWeights(address);
  expect(files(stored)).toEqual(isForgotten ? [] : [keyOf(FILE)]);
});

it("a file that was loaded by itself is forgotten by its address", async () => {
  const stored = storage();
  serve(sends(FILE));
  await load({ url: FILE_URL });
  await forgetWeights(FILE_URL);
  expect(files(stored)).toEqual([]);
});

it("what links brought makes room for the page's own weights", async () => {
  const stored = storage();
  const room = { quota: 1000, usage: 0 };
  vi.stubGlobal("navigator", { storage: { estimate: async () => room } });
  serve(sends(NEWER));
  await load({ url: ELSEWHERE });
  room.usage = 950;
  Object.assign(await caches.open(""), {
    async delete(key: string) {
      room.usage = 0;
      return stored.delete(key);
    },
  });
  serve(manifest(), sends(FILE));
  expect((await load({})).kept).toEqual(CACHED);
  expect(files(stored)).toEqual([keyOf(FILE)]);
});

it("a manifest of another origin does not drop what the page's own named", async () => {
  const stored = storage();
  serve(manifest(), sends(FILE));
  await load({});
  const foreign = { ...describing(NEWER), file: FILE_URL };
  serve(manifest(foreign), sends(NEWER));
  await load({ url: "https://files.test/manifest.json" });
  expect(files(stored)).toEqual([keyOf(FILE), keyOf(NEWER)]);
});

it("a file's name is the last part of its address", async () => {
  noStorage();
  const names = ["/a%20b.safetensors?download=true", "/folder/", "/%E0.bin", "/"];
  serve(...names.map(() => sends(FILE)));
  const found: string[] = [];
  for (const name of names) found.push((await load({ url: PAGE + name })).name);
  expect(found).toEqual(["a b.safetensors", "folder", "%E0.bin", "page.test"]);
});

it("files are counted, and dropped", async () => {
  storage();
  serve(sends(FILE), sends(FILE.slice(0, 50)));
  await load({ url: `${PAGE}/a` });
  await load({ url: `${PAGE}/b` });
  expect(await cachedWeights()).toEqual({ files: 2, bytes: 150 });
  await clearWeights();
  expect(await cachedWeights()).toEqual({ files: 0, bytes: 0 });
});
