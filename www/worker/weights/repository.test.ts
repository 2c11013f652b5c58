import { afterEach, expect, it, vi } from "vitest";
import { toResNetError } from "../../protocol/errors";
import { noStorage, storage } from "./fake-cache";
import { atOnce, PAGE } from "./fake-server";
import { clearWeights, fetchDescribedWeights, forgetWeights, previewWeights } from "./index";

afterEach(() => vi.unstubAllGlobals());

const HUB = "https://huggingface.co";
const LIST = `${HUB}/api/models/a/b/revision/main`;
const MODEL = `${HUB}/a/b/tree/main`;
const FILES = `${HUB}/a/b/resolve/main/`;
const ELSEWHERE = "https://files.test/models/c.pth";
/** It begins as PyTorch's pickles do. */
const FILE = Uint8Array.from({ length: 100 }, (_, index) => [0x80, 2][index] ?? index);

type Answers = Record<string, number | string | object>;

/** Takes `fetch`'s place: a status, a text, bytes or JSON for each address; 404 for all others. Returns what is asked. */
function serve(answers: Answers | null): string[] {
  const asked: string[] = [];
  vi.stubGlobal("origin", PAGE);
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    if (!answers) throw new TypeError("Failed to fetch");
    const answer = answers[url] ?? 404;
    if (typeof answer === "number") return new Response(null, { status: answer });
    if (typeof answer === "string") return new Response(answer);
    return answer instanceof Uint8Array ? new Response(FILE) : Response.json(answer);
  });
  return asked;
}

const list = (...names: string[]) => ({ siblings: names.map((rfilename) => ({ rfilename })) });

/** The beginning of a weight file with metadata. */
const SAYING = `12345678{"__metadata__":{"resnet-web":${JSON.stringify('{"format":1,"labels":["tench"]}')}}}`;

/** A file's own name with what is beside it; or the code and the beginning of an error's text. */
async function loaded(url: string): Promise<string[]> {
  const { signal } = new AbortController();
  const request = { url, signal, onProgress() {} };
  try {
    const { name, beside } = await fetchDescribedWeights(request, atOnce());
    return [name, ...(await Promise.all(beside.map((file) => file.text())))];
  } catch (thrown) {
    const { code, message } = toResNetError(thrown);
    return [code, message];
  }
}

it.each<{ what: string; url: string; answers: Answers; gives: unknown[] }>([
  {
    what: "a model on the hub",
    url: MODEL,
    answers: {
      [LIST]: list("config.json", "preprocessor_config.json", "pytorch_model.bin"),
      [`${FILES}pytorch_model.bin`]: FILE,
      [`${FILES}config.json`]: "1",
      [`${FILES}preprocessor_config.json`]: "2",
    },
    // What says more of images comes first, and counts.
    gives: ["pytorch_model.bin", "2", "1"],
  },
  {
    what: "a model whose weights are in a folder",
    url: MODEL,
    answers: {
      [LIST]: list("config.json", "onnx/model.onnx"),
      [`${FILES}onnx/model.onnx`]: FILE,
      [`${FILES}config.json`]: "1",
    },
    gives: ["model.onnx", "1"],
  },
  {
    what: "a model with several weight files",
    url: MODEL,
    answers: { [LIST]: list("resnet18.pth", "resnet50.pth") },
    gives: [
      "weights-download",
      `a/b holds several weight files: resnet18.pth, resnet50.pth. Give the address of one of them, such as ${FILES}resnet18.pth.`,
    ],
  },
  {
    what: "a model whose files the hub does not list",
    url: MODEL,
    answers: { [LIST]: 500, [`${FILES}pytorch_model.bin`]: FILE, [`${FILES}config.json`]: "1" },
    gives: ["pytorch_model.bin", "1"],
  },
  {
    what: "a model whose files are neither listed nor found",
    url: MODEL,
    answers: { [LIST]: 500 },
    gives: ["weights-download", expect.stringMatching(/^The files of a\/b are not listed/)],
  },
  {
    what: "a model that is private",
    url: MODEL,
    answers: { [LIST]: 401 },
    gives: ["weights-download", expect.stringMatching(/^There is no public model a\/b,/)],
  },
  {
    what: "a model without weights",
    url: MODEL,
    answers: { [LIST]: list("README.md") },
    gives: ["weights-download", expect.stringContaining("Its files: README.md.")],
  },
  {
    what: "a file with a description beside it",
    url: ELSEWHERE,
    answers: { [ELSEWHERE]: FILE, "https://files.test/models/config.json": "1" },
    gives: ["c.pth", "1"],
  },
  {
    what: "a file with a web page and too long a file beside it",
    url: ELSEWHERE,
    answers: {
      [ELSEWHERE]: FILE,
      "https://files.test/models/config.json": "x".repeat(5 << 20),
    },
    gives: ["c.pth"],
  },
  {
    what: "a file with labels of its own",
    url: ELSEWHERE,
    answers: { [ELSEWHERE]: SAYING, "https://files.test/models/config.json": "1" },
    gives: ["c.pth"],
  },
  {
    what: "a file whose classes have no names",
    url: ELSEWHERE,
    answers: {
      [ELSEWHERE]: SAYING.replace(/\[.*tench.*?\]/, "[]"),
      "https://files.test/models/config.json": "1",
    },
    gives: ["c.pth", "1"],
  },
  { what: "a file alone", url: ELSEWHERE, answers: { [ELSEWHERE]: FILE }, gives: ["c.pth"] },
])("of $what $gives is loaded", async ({ url, answers, gives }) => {
  storage();
  serve(answers);
  expect(await loaded(url)).toEqual(gives);
  noStorage();
  serve(answers);
  expect(await loaded(url)).toEqual(gives);
});

it("a model that is kept is the same without a network, until it is dropped", async () => {
  storage();
  const online = {
    [LIST]: list("config.json", "model.safetensors"),
    [`${FILES}model.safetensors`]: FILE,
    [`${FILES}config.json`]: "1",
  };
  serve(online);
  const before = await previewWeights(MODEL, atOnce());
  expect(before).toEqual({ host: "huggingface.co", bytes: null, kept: false });
  expect(await loaded(MODEL)).toEqual(["model.safetensors", "1"]);
  const asked = serve(null);
  expect(await previewWeights(MODEL, atOnce())).toMatchObject({ bytes: 100, kept: true });
  expect(asked).toEqual([]);
  expect(await loaded(MODEL)).toEqual(["model.safetensors", "1"]);
  await forgetWeights(MODEL);
  expect(await loaded(MODEL)).toEqual(["weights-download", expect.any(String)]);

  serve(online);
  await loaded(MODEL);
  await clearWeights();
  serve(null);
  expect(await loaded(MODEL)).toEqual(["weights-download", expect.any(String)]);
});
