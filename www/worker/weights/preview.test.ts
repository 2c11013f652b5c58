import { createHash } from "node:crypto";
import { afterEach, expect, it, vi } from "vitest";
import type { WeightsPreview } from "../../protocol/types";
import { noStorage, storage } from "./fake-cache";
import { type Answering, atOnce, body, serve } from "./fake-server";
import { fetchWeights } from "./index";
import { previewWeights } from "./preview";

afterEach(() => vi.unstubAllGlobals());

const FILE_URL = "https://files.test/a.pth";
const MANIFEST = "https://files.test/manifest.json";
const FILE = Uint8Array.from({ length: 100 }, (_, index) => [0x80, 2][index] ?? index);
const SHA256 = createHash("sha256").update(FILE).digest("hex");

const manifest = (file = "a.pth"): Answering => {
  return () => Response.json({ file, bytes: 100, sha256: SHA256 });
};
const sends: Answering = () => new Response(body(FILE));
const sendsLength: Answering = () => new Response(null, { headers: { "content-length": "100" } });
const unreachable: Answering = () => {
  throw new TypeError("Failed to fetch");
};
const UNKNOWN = { host: "files.test", bytes: null, kept: false };

interface Case {
  name: string;
  url: string;
  /** Answers to a load that went before. */
  before?: Answering[];
  answers: Answering[];
  gives: WeightsPreview;
}

const CASES: Case[] = [
  {
    name: "a file whose server gives its length",
    url: FILE_URL,
    answers: [sendsLength],
    gives: { host: "files.test", bytes: 100, kept: false },
  },
  {
    name: "a file whose server does not state it",
    url: FILE_URL,
    answers: [sends],
    gives: UNKNOWN,
  },
  {
    name: "a file that is compressed on the way",
    url: FILE_URL,
    answers: [
      () => new Response(null, { headers: { "content-length": "60", "content-encoding": "gzip" } }),
    ],
    gives: UNKNOWN,
  },
  {
    name: "a file whose server is asked for GET alone",
    url: FILE_URL,
    answers: [() => new Response(null, { status: 405 })],
    gives: UNKNOWN,
  },
  { name: "a file out of reach", url: FILE_URL, answers: [unreachable], gives: UNKNOWN },
  {
    name: "a file whose server never answers",
    url: FILE_URL,
    answers: [() => new Promise(() => {})],
    gives: UNKNOWN,
  },
  {
    name: "a file that is kept: no request is made",
    url: FILE_URL,
    before: [sends],
    answers: [],
    gives: { host: "files.test", bytes: 100, kept: true },
  },
  {
    name: "a file that a manifest names",
    url: MANIFEST,
    answers: [manifest()],
    gives: { host: "files.test", bytes: 100, kept: false },
  },
  {
    name: "a file that a manifest names elsewhere",
    url: MANIFEST,
    answers: [manifest("https://others.test:8080/a.pth")],
    gives: { host: "others.test:8080", bytes: 100, kept: false },
  },
  {
    name: "a manifest that is none",
    url: MANIFEST,
    answers: [() => new Response("{")],
    gives: UNKNOWN,
  },
  { name: "a manifest out of reach", url: MANIFEST, answers: [unreachable], gives: UNKNOWN },
  {
    name: "a file that a manifest named, and that is kept",
    url: MANIFEST,
    before: [manifest(), sends],
    answers: [],
    gives: { host: "files.test", bytes: 100, kept: true },
  },
];

it.each(CASES)("of $name it is known what it is", async ({ url, before, answers, gives }) => {
  storage();
  if (before) {
    serve(...before);
    await fetchWeights({ url, signal: new AbortController().signal, onProgress() {} }, atOnce());
  }
  const asked = serve(...answers);
  expect(await previewWeights(url, atOnce())).toEqual(gives);
  expect(asked).toHaveLength(answers.length);
  expect(asked.filter(({ signal }) => !signal?.aborted)).toEqual([]);
});

it("works where nothing is kept", async () => {
  noStorage();
  serve(sendsLength, manifest());
  expect(await previewWeights(FILE_URL, atOnce())).toMatchObject({ bytes: 100, kept: false });
  expect(await previewWeights(MANIFEST, atOnce())).toMatchObject({ bytes: 100, kept: false });
});
