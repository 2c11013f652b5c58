import { afterEach, describe, expect, it, vi } from "vitest";
import { toResNetError } from "../../protocol/errors";
import { type Answering, atOnce, body, PAGE, serve } from "./fake-server";
import { Download, type DownloadRequest } from "./resume";

afterEach(() => vi.unstubAllGlobals());

const URL_HERE = `${PAGE}/a.safetensors`;
const URL_ELSEWHERE = "https://files.test/a.safetensors";
const FILE = Uint8Array.from({ length: 100 }, (_, index) => index);
const OTHER = FILE.map((byte) => byte + 100);
const ETAG = '"one"';
const DATE = "Tue, 01 Jan 2030 00:00:00 GMT";

type Fault = Parameters<typeof body>[1];
type Headers = Record<string, string>;

/** The whole file. */
const whole =
  (headers: Headers = {}, fault?: Fault, file = FILE): Answering =>
  () =>
    new Response(body(file, fault), { headers });
/** The whole file as most servers send it. */
const usual = (fault?: Fault, headers: Headers = {}) =>
  whole({ etag: ETAG, "content-length": "100", ...headers }, fault);
/** What was asked for with `Range`. */
const part =
  (headers: Headers = { etag: ETAG }, fault?: Fault): Answering =>
  ({ headers: asked }) => {
    const from = Number(/^bytes=(\d+)-$/.exec(asked.Range ?? "")?.[1]);
    return new Response(body(FILE.subarray(from), fault), {
      status: 206,
      headers: {
        "content-range": `bytes ${from}-99/100`,
        "content-length": `${100 - from}`,
        ...headers,
      },
    });
  };
/** The same from another origin, which exposes little. */
const foreignPart = (headers: Headers): Answering => {
  const answer = part(headers);
  return async (asked) => {
    const response = await answer(asked);
    response.headers.delete("content-range");
    return response;
  };
};
const status =
  (code: number, headers: Headers = {}): Answering =>
  () =>
    new Response("sorry", { status: code, headers });
const unreachable: Answering = () => {
  throw new TypeError("Failed to fetch");
};
const silent: Answering = () => new Promise(() => {});
const repeated = (times: number, answer: Answering) => Array.from({ length: times }, () => answer);

interface Case {
  name: string;
  answers: Answering[];
  request?: Partial<DownloadRequest>;
  /** Headers of the requests after the first. */
  asks?: Headers[];
  pauses?: number[];
  /** The error's text; without it the file has to arrive. */
  fails?: RegExp;
  /** The total while the last piece came; 100 if left out. */
  total?: number | null;
}

const SOME = { Range: "bytes=40-", "If-Range": ETAG };

const CASES: Case[] = [
  { name: "comes at once", answers: [usual()] },
  { name: "comes without a length", answers: [whole()], total: null },
  {
    name: "comes without a length, but its size is known",
    answers: [whole()],
    request: { bytes: 100 },
  },
  {
    name: "comes compressed: the length is another one",
    answers: [usual(undefined, { "content-encoding": "gzip", "content-length": "60" })],
    total: null,
  },
  {
    name: "comes compressed from elsewhere, where the browser hides that",
    answers: [usual(undefined, { "content-length": "60" })],
    request: { url: URL_ELSEWHERE },
    total: null,
  },

  // Broken connections.
  {
    name: "breaks, goes on",
    answers: [usual({ breaks: 40 }), part()],
    asks: [SOME],
    pauses: [500],
  },
  {
    name: "breaks again and again, but not in a row",
    answers: [usual({ breaks: 20 }), ...repeated(7, part({ etag: ETAG }, { breaks: 10 })), part()],
    pauses: Array(8).fill(500),
  },
  {
    name: "ends too early",
    answers: [usual({ ends: 40 }), part()],
    asks: [SOME],
    pauses: [500],
  },
  {
    name: "ends too early, which only the manifest shows",
    answers: [whole({ etag: ETAG }, { ends: 40 }), part()],
    request: { bytes: 100 },
    asks: [SOME],
    pauses: [500],
  },
  {
    name: "stalls, goes on",
    answers: [usual({ stalls: 40 }), part()],
    asks: [SOME],
    pauses: [500],
  },
  {
    name: "breaks before the first byte",
    answers: [usual({ breaks: 0 }), usual()],
    asks: [{}],
    pauses: [500],
  },
  {
    name: "breaks, and the network is away for a while",
    answers: [usual({ breaks: 40 }), ...repeated(4, unreachable), part()],
    pauses: [500, 1000, 2000, 4000, 8000],
  },
  {
    name: "breaks, and the network stays away",
    answers: [usual({ breaks: 40 }), ...repeated(5, unreachable)],
    pauses: [500, 1000, 2000, 4000, 8000],
    fails: /broke off after 40 bytes\. Check the connection/,
  },
  {
    name: "comes in smaller parts than asked for",
    answers: [
      usual({ breaks: 40 }),
      () =>
        new Response(body(FILE.subarray(40, 60)), {
          status: 206,
          headers: { etag: ETAG, "content-range": "bytes 40-59/100", "content-length": "20" },
        }),
      part(),
    ],
    asks: [SOME, { Range: "bytes=60-", "If-Range": ETAG }],
    pauses: [500, 500],
  },

  // The validators that distinguish versions.
  {
    name: "a weak ETag makes no condition, but can be compared",
    answers: [usual({ breaks: 40 }, { etag: `W/${ETAG}` }), part({ etag: `W/${ETAG}` })],
    asks: [{ Range: "bytes=40-" }],
    pauses: [500],
  },
  {
    name: "a date makes a condition",
    answers: [
      whole({ "last-modified": DATE, "content-length": "100" }, { breaks: 40 }),
      part({ "last-modified": DATE }),
    ],
    asks: [{ Range: "bytes=40-", "If-Range": DATE }],
    pauses: [500],
  },
  {
    name: "who promised to look at the ETag need not repeat it",
    answers: [usual({ breaks: 40 }), part({})],
    pauses: [500],
  },
  {
    name: "a part of a compressed file is compared by date: the ETag is of other bytes",
    answers: [
      whole(
        { etag: '"one-gzip"', "last-modified": DATE, "content-encoding": "gzip" },
        { breaks: 40 },
      ),
      part({ etag: ETAG, "last-modified": DATE }),
    ],
    asks: [{ Range: "bytes=40-", "If-Range": DATE }],
    pauses: [500],
  },
  {
    name: "a compressed part is other bytes: the whole once more",
    answers: [usual({ breaks: 40 }), part({ etag: ETAG, "content-encoding": "gzip" }), usual()],
    asks: [SOME, {}],
    pauses: [500, 1000],
  },
  {
    name: "the part is of another version",
    answers: [usual({ breaks: 40 }), part({ etag: '"two"' })],
    pauses: [500],
    fails: /the file changed while it was downloaded: load it again/,
  },
  {
    name: "there is no version, but the content is checked later",
    answers: [whole({ "content-length": "100" }, { breaks: 40 }), part({})],
    request: { checked: true },
    asks: [{ Range: "bytes=40-" }],
    pauses: [500],
  },
  {
    name: "there is no version",
    answers: [whole({ "content-length": "100" }, { breaks: 40 }), part({})],
    pauses: [500],
    fails: /after 40 bytes, and the server does not say whether the file is still the same/,
  },

  // The whole file in answer to a range.
  {
    name: "starts over with the same file",
    answers: [usual({ breaks: 40 }), usual()],
    asks: [SOME],
    pauses: [500],
  },
  {
    name: "starts over, and breaks before the old place",
    answers: [usual({ breaks: 45 }), usual({ breaks: 20 }), usual()],
    pauses: [500, 1000],
  },
  {
    name: "starts over with another file",
    answers: [
      usual({ breaks: 40 }),
      whole({ etag: '"two"', "content-length": "100" }, undefined, OTHER),
    ],
    pauses: [500],
    fails: /the file changed while it was downloaded: load it again/,
  },
  {
    name: "starts over with a file of the same name that is shorter",
    answers: [
      whole({ "content-length": "100" }, { breaks: 40 }),
      whole({ "content-length": "30" }, undefined, FILE.subarray(0, 30)),
    ],
    request: { checked: true },
    pauses: [500],
    fails: /the file changed while it was downloaded/,
  },
  {
    name: "ends at the same place twice: that is its end",
    answers: [whole({ etag: ETAG }), whole({ etag: ETAG })],
    request: { bytes: 120 },
    pauses: [500],
    total: 120,
  },

  // Answers to ranges that do not fit.
  {
    name: "a part from elsewhere in the file: the whole once more",
    answers: [usual({ breaks: 40 }), part({ "content-range": "bytes 30-99/100" }), usual()],
    asks: [SOME, {}],
    pauses: [500, 1000],
  },
  {
    name: "a part of a file of another length: the whole once more, which shows that it changed",
    answers: [
      usual({ breaks: 40 }),
      part({ "content-range": "bytes 40-109/110" }),
      usual(undefined, { etag: '"two"' }),
    ],
    pauses: [500, 1000],
    fails: /the file changed/,
  },
  {
    name: "nothing is missing any more (416)",
    answers: [
      whole({ etag: ETAG, "content-length": "101" }, { ends: 100 }),
      status(416, { "content-range": "bytes */100" }),
    ],
    pauses: [500],
    total: 101,
  },
  {
    name: "the range is refused (416): the whole once more",
    answers: [usual({ breaks: 40 }), status(416), usual()],
    asks: [SOME, {}],
    pauses: [500, 1000],
  },

  // From another origin.
  {
    name: "from elsewhere no header is sent that needs leave; Content-Range is hidden",
    answers: [
      usual({ breaks: 40 }, { "last-modified": DATE }),
      foreignPart({ "last-modified": DATE }),
    ],
    request: { url: URL_ELSEWHERE },
    asks: [{ Range: "bytes=40-" }],
    pauses: [500],
  },
  {
    name: "led on to elsewhere",
    answers: [
      () =>
        Object.defineProperty(
          new Response(body(FILE, { breaks: 40 }), {
            headers: { "last-modified": DATE, "content-length": "100" },
          }),
          "type",
          { value: "cors" },
        ),
      foreignPart({ "last-modified": DATE }),
    ],
    asks: [{ Range: "bytes=40-" }],
    pauses: [500],
  },
  {
    name: "from elsewhere the first length that is told counts",
    answers: [
      whole({ "last-modified": DATE }, { breaks: 40 }),
      async (asked) => {
        const response = await part({ "last-modified": DATE }, { ends: 20 })(asked);
        response.headers.delete("content-range");
        return response;
      },
      foreignPart({ "last-modified": DATE }),
    ],
    request: { url: URL_ELSEWHERE },
    asks: [{ Range: "bytes=40-" }, { Range: "bytes=60-" }],
    pauses: [500, 500],
  },
  {
    name: "from elsewhere, and the part has not the right length: the whole once more",
    answers: [usual({ breaks: 40 }), foreignPart({ etag: ETAG, "content-length": "100" }), usual()],
    request: { url: URL_ELSEWHERE },
    asks: [{ Range: "bytes=40-" }, {}],
    pauses: [500, 1000],
  },
  {
    name: "at home Content-Range has to be there",
    answers: [usual({ breaks: 40 }), foreignPart({ etag: ETAG }), usual()],
    asks: [SOME, {}],
    pauses: [500, 1000],
  },

  // Servers that are busy, servers that refuse.
  {
    name: "503 for a moment",
    answers: [status(503), usual()],
    pauses: [500],
  },
  {
    name: "503 with seconds",
    answers: [status(503, { "retry-after": "7" }), usual()],
    pauses: [7000],
  },
  {
    name: "429 with a date",
    answers: [status(429, { "retry-after": "Tue, 01 Jan 2030 00:00:12 GMT" }), usual()],
    pauses: [12_000],
  },
  {
    name: "503 for an hour",
    answers: [status(503, { "retry-after": "3600" })],
    fails: /The server answered 503 for https:.*\. Try again in 3600 seconds/,
  },
  {
    name: "500 again and again",
    answers: repeated(6, status(500)),
    pauses: [500, 1000, 2000, 4000, 8000],
    fails: /The server answered 500 for https:.*\. Try again later/,
  },
  {
    name: "503 in the middle",
    answers: [usual({ breaks: 40 }), status(503), part()],
    asks: [SOME, SOME],
    pauses: [500, 1000],
  },
  { name: "404", answers: [status(404)], fails: /The server answered 404 for/ },
  { name: "403", answers: [status(403)], fails: /The server answered 403 for/ },
  {
    name: "a 304 without a conditional request",
    answers: [() => new Response(null, { status: 304 })],
    fails: /304/,
  },
  {
    name: "404 in the middle",
    answers: [usual({ breaks: 40 }), status(404)],
    pauses: [500],
    fails: /The server answered 404 for/,
  },
  {
    name: "a web page",
    answers: [() => new Response("<!doctype html>", { headers: { "content-type": "text/html" } })],
    fails: /a\.safetensors answered with a web page instead of weights\. Check the address/,
  },
  {
    name: "unreachable",
    answers: repeated(3, unreachable),
    pauses: [500, 1000],
    fails: /could not be reached: Failed to fetch\. Check the connection/,
  },
  {
    name: "no answer in time",
    answers: repeated(3, silent),
    pauses: [500, 1000],
    fails: /could not be reached: no answer within 0\.05 seconds/,
  },
  {
    name: "unreachable or not allowed",
    answers: repeated(3, unreachable),
    request: { url: URL_ELSEWHERE },
    pauses: [500, 1000],
    fails: /files\.test does not allow pages of https:\/\/page\.test to read it by CORS/,
  },
];

function request(more: Partial<DownloadRequest> = {}): DownloadRequest {
  return {
    url: URL_HERE,
    what: "weights",
    bytes: null,
    most: 1000,
    checked: false,
    cache: "default",
    signal: new AbortController().signal,
    ...more,
  };
}

async function read(download: Download | null): Promise<Uint8Array> {
  if (!download) throw new Error("nothing was downloaded");
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of download.pieces()) pieces.push(piece);
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

describe("a download", () => {
  it.each(CASES)("$name", async ({ answers, request: more, asks, pauses = [], fails, total }) => {
    const asked = serve(...answers);
    const retryPolicy = atOnce();
    let download: Download | null = null;
    const work = (async () => {
      download = await Download.open(request(more), retryPolicy);
      return read(download);
    })();
    if (fails) {
      const error = await work.then(() => null, toResNetError);
      expect(error?.message).toMatch(fails);
      expect(error?.code).toBe("weights-download");
    } else {
      expect(await work).toEqual(FILE);
      expect((download as Download | null)?.total).toBe(total === undefined ? 100 : total);
    }
    expect(retryPolicy.pauses).toEqual(pauses);
    expect(asked).toHaveLength(answers.length);
    if (asks) expect(asked.slice(1).map(({ headers }) => headers)).toEqual(asks);
  });

  it("requests nothing while nothing is read", async () => {
    let pulled = 0;
    const endless = new ReadableStream(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(10));
        },
      },
      { highWaterMark: 0 },
    );
    serve(() => new Response(endless));
    const pieces = (await Download.open(request(), atOnce()))?.pieces();
    await pieces?.next();
    await pieces?.next();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(pulled).toBeLessThan(5);
    await pieces?.return();
  });

  it.each([
    ["after a refusal", status(404)],
    ["after a web page", () => new Response("", { headers: { "content-type": "text/html" } })],
    ["when it is whole", usual()],
  ])("leaves no connection open %s", async (_, answer) => {
    const asked = serve(answer);
    await Download.open(request(), atOnce())
      .then(read)
      .catch(() => {});
    expect(asked[0]?.signal?.aborted).toBe(true);
  });

  it("spreads the tries of many pages", async () => {
    const pausesWith = async (random: number) => {
      serve(...repeated(3, unreachable));
      const retryPolicy = { ...atOnce(), random: () => random };
      await Download.open(request(), retryPolicy).catch(() => {});
      return retryPolicy.pauses;
    };
    expect([await pausesWith(0), await pausesWith(1)]).toEqual([
      [375, 750],
      [625, 1250],
    ]);
  });
});

describe("cancelling", () => {
  const reason = new DOMException("enough", "AbortError");
  it.each<[string, number, (abort: () => void) => Answering[]]>([
    ["while the server is silent", 1, (abort) => [() => later(abort, silent)]],
    ["while bytes come", 1, (abort) => [() => later(abort, usual({ stalls: 40 }))]],
    [
      "before a request that would go on",
      1,
      (abort) => [
        () => {
          abort();
          throw new TypeError("Failed to fetch");
        },
      ],
    ],
  ])("%s", async (_, requests, answers) => {
    const controller = new AbortController();
    const asked = serve(...answers(() => controller.abort(reason)));
    const work = Download.open(request({ signal: controller.signal }), atOnce()).then(read);
    await expect(work).rejects.toBe(reason);
    expect(asked).toHaveLength(requests);
  });

  function later(abort: () => void, answer: Answering) {
    setTimeout(abort, 5);
    return answer({
      url: "",
      method: "GET",
      headers: {},
      cache: undefined,
      referrerPolicy: undefined,
      credentials: undefined,
      signal: null,
    });
  }

  it("before it began", async () => {
    const asked = serve(usual());
    const work = Download.open(request({ signal: AbortSignal.abort(reason) }), atOnce());
    await expect(work).rejects.toBe(reason);
    expect(asked).toEqual([]);
  });

  it("in a pause", async () => {
    const controller = new AbortController();
    const asked = serve(usual({ breaks: 40 }), part());
    const { sleep } = await import("./retry-policy").then(({ RETRY_POLICY }) => RETRY_POLICY);
    const retryPolicy = { ...atOnce(), sleep };
    const work = Download.open(request({ signal: controller.signal }), retryPolicy).then(read);
    setTimeout(() => controller.abort(reason), 20);
    await expect(work).rejects.toBe(reason);
    expect(asked).toHaveLength(1);
  });

  it("by its owner", async () => {
    serve(usual({ stalls: 40 }));
    const download = await Download.open(request(), atOnce());
    setTimeout(() => download?.cancel(), 5);
    await expect(read(download)).rejects.toThrow(/abort/);
  });
});

describe("with a copy at hand", () => {
  const version = { etag: ETAG, modified: DATE, encoding: null };
  const unchanged: Answering = () => new Response(null, { status: 304 });

  it("asks for what is newer", async () => {
    const asked = serve(unchanged);
    expect(await Download.openNewer(version, request(), atOnce())).toBeNull();
    expect(asked[0]?.headers).toEqual({ "If-None-Match": ETAG, "If-Modified-Since": DATE });
  });

  it.each([
    ["unreachable", unreachable],
    ["silent", silent],
    ["busy", status(503)],
  ])("does not wait for a server that is %s", async (_, answer) => {
    serve(answer);
    const retryPolicy = atOnce();
    await expect(Download.openNewer(version, request(), retryPolicy)).rejects.toThrow();
    expect(retryPolicy.pauses).toEqual([]);
  });

  it("takes what is newer with all retryPolicy", async () => {
    serve(usual({ breaks: 40 }), unreachable, part());
    expect(await read(await Download.openNewer(version, request(), atOnce()))).toEqual(FILE);
  });
});

it.each([
  [URL_HERE, "same-origin"],
  [URL_ELSEWHERE, "omit"],
])("%s is asked for without a referrer, with credentials %s", async (url, credentials) => {
  const asked = serve(
    usual({ breaks: 40 }, { "last-modified": DATE }),
    part({ "last-modified": DATE }),
  );
  const download = await Download.open(request({ url }), atOnce());
  for await (const _piece of download.pieces());
  expect(asked).toHaveLength(2);
  for (const each of asked)
    expect(each).toMatchObject({ referrerPolicy: "no-referrer", credentials });
});
