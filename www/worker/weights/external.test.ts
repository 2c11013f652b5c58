import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, it, vi } from "vitest";
import { toResNetError } from "../../protocol/errors";
import type { Progress } from "../../protocol/types";
import { storage } from "./fake-cache";
import { type Answering, atOnce, PAGE, serve } from "./fake-server";
import { fetchDescribedWeights } from "./index";

afterEach(() => vi.unstubAllGlobals());

const unpacked = (name: string) =>
  new Uint8Array(gunzipSync(readFileSync(`tests/fixtures/onnx/${name}.gz`)));

/** Loads a model of a server that has these files. */
async function load(name: string, there: readonly string[]) {
  const answer: Answering = ({ url }) => {
    const file = there.find((file) => url === `${PAGE}/models/${file}`);
    if (!file) return new Response("", { status: 404 });
    const bytes = unpacked(file);
    return new Response(bytes, { headers: { "content-length": `${bytes.length}` } });
  };
  storage();
  const asked = serve(...Array<Answering>(20).fill(answer));
  const progress: Progress[] = [];
  const request = {
    url: `${PAGE}/models/${name}`,
    signal: new AbortController().signal,
    onProgress: (step: Progress) => progress.push(step),
  };
  const weights = await fetchDescribedWeights(request, atOnce());
  const external = weights.external.map(async ({ name, blob }) => [name, await hashOf(blob)]);
  return { external: await Promise.all(external), asked, progress };
}

async function hashOf(blob: Blob): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return Buffer.from(hash).toString("hex");
}

it("an ONNX model's external data is fetched from beside it", async () => {
  const files = ["external-two.weights", "external-two.bin"];
  const { external, progress } = await load("external-two.onnx", ["external-two.onnx", ...files]);
  const expected = files.map(async (name) => [name, await hashOf(new Blob([unpacked(name)]))]);
  expect(external).toEqual(await Promise.all(expected));
  const sizes = ["external-two.onnx", ...files].map((name) => unpacked(name).length);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  expect(progress.at(-1)).toEqual({ loaded: all, total: all, cached: false });
});

it("of a model with all its weights nothing else is fetched", async () => {
  const { external, asked } = await load("softmax.onnx", ["softmax.onnx"]);
  expect(external).toEqual([]);
  const names = asked.map(({ url }) => url.split("/").at(-1));
  expect(names.sort()).toEqual(["config.json", "preprocessor_config.json", "softmax.onnx"]);
});

it("external data that is not there is an error with its address", async () => {
  const failed = await load("external.onnx", ["external.onnx"]).catch(toResNetError);
  expect(failed).toMatchObject({
    code: "weights-download",
    message: expect.stringContaining(`${PAGE}/models/external.onnx.data`),
  });
});
