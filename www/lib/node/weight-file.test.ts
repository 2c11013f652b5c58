import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { localWeights, smallFile } from "./weight-file";

const { signal } = new AbortController();
let server: Server;
beforeAll(async () => {
  server = createServer((_, response) => response.end("weights"));
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => server.close());
afterEach(() => vi.unstubAllEnvs());

const outcome = (call: Promise<unknown>) =>
  call.then(
    () => "taken",
    (error) => `${error.code}: ${error.message}`,
  );
const SCHEME = "only http:, https: and file: addresses can be read";

it("weights and labels that cannot be read are refused in words, by their path", async () => {
  const weights = (source: string) => outcome(localWeights(source, { signal }));
  const labels = (source: string) => outcome(smallFile(source));
  const cases: [Promise<string>, string][] = [
    [weights("/"), "weights-unreadable: The weight file / cannot be read: it is a folder."],
    [weights(""), 'weights-unreadable: The weight file "" cannot be read: the path is empty.'],
    [
      weights("ftp://x/y"),
      `weights-unreadable: The weight file "ftp://x/y" cannot be read: ${SCHEME}.`,
    ],
    [
      weights("/nowhere"),
      "weights-unreadable: The weight file /nowhere cannot be read: there is no",
    ],
    [labels("/nowhere.txt"), "labels: /nowhere.txt cannot be read: there is no such file."],
    [labels("/"), "labels: / cannot be read: it is a folder."],
    [labels(""), 'labels: "" cannot be read: the path is empty.'],
  ];
  const wrong = [];
  for (const [call, expected] of cases) {
    const found = await call;
    if (!found.startsWith(expected)) wrong.push(found);
  }
  expect(wrong).toEqual([]);
});

it("many downloads have one listener for the end of the process between them", async () => {
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.pth`;
  const before = process.listenerCount("exit");
  const all = await Promise.all(
    Array.from({ length: 20 }, () =>
      localWeights(address, { signal: new AbortController().signal }),
    ),
  );
  expect(process.listenerCount("exit") - before).toBeLessThanOrEqual(1);
  const folders = all.map(({ location }) =>
    "path" in location ? path.dirname(location.path) : "",
  );
  expect(folders.every((folder) => existsSync(folder))).toBe(true);
  await Promise.all(all.map(({ remove }) => remove()));
  expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
});

/** Plays the Hugging Face Hub: answers by path; weights are on another origin, to which it leads. */
async function playHub(answers: Record<string, string>) {
  const store = createServer((_, response) => response.end("weights"));
  await once(store.listen(0, "127.0.0.1"), "listening");
  const elsewhere = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  const asked: string[] = [];
  const hub = createServer(({ url = "" }, response) => {
    asked.push(url);
    const answer = answers[url];
    if (answer === undefined) response.writeHead(404).end();
    else if (answer === "elsewhere") response.writeHead(302, { location: elsewhere }).end();
    else response.end(answer);
  });
  await once(hub.listen(0, "127.0.0.1"), "listening");
  const address = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  vi.stubEnv("HF_ENDPOINT", address);
  const close = () => {
    hub.close();
    store.close();
  };
  return { address, asked, close };
}

const repository = (...names: string[]) =>
  JSON.stringify({ siblings: names.map((rfilename) => ({ rfilename })) });

it("a model on the hub is its weights, wherever they are, with what describes them", async () => {
  const { asked, close } = await playHub({
    "/api/models/a/b/revision/v1": repository("README.md", "config.json", "model.safetensors"),
    "/a/b/resolve/v1/model.safetensors": "elsewhere",
    "/a/b/resolve/v1/config.json": '{"model_type": "resnet"}',
  });
  try {
    const { location, name, beside, remove } = await localWeights("hf:a/b@v1", { signal });
    expect("path" in location && readFileSync(location.path, "utf8")).toBe("weights");
    expect(name).toBe("model.safetensors");
    expect(beside.map((bytes) => new TextDecoder().decode(bytes))).toEqual([
      '{"model_type": "resnet"}',
    ]);
    expect(asked.sort()).toEqual([
      "/a/b/resolve/v1/config.json",
      "/a/b/resolve/v1/model.safetensors",
      "/api/models/a/b/revision/v1",
    ]);
    await remove();
  } finally {
    close();
  }
});

it("models that are not on the hub, or have no weights, are refused in words", async () => {
  const { close } = await playHub({ "/api/models/a/b/revision/main": repository("README.md") });
  try {
    expect(await outcome(localWeights("hf:a/b", { signal }))).toMatch(
      /^weights-download: a\/b holds no weight file of a kind that is read.*README\.md/,
    );
    expect(await outcome(localWeights("hf:a/missing", { signal }))).toMatch(
      /^weights-download: There is no public model a\/missing.*private or gated/,
    );
  } finally {
    close();
  }
});

it("labels come from the hub, too", async () => {
  const { close } = await playHub({ "/a/b/resolve/main/labels.txt": "daisy" });
  try {
    expect(new TextDecoder().decode(await smallFile("hf:a/b/labels.txt"))).toBe("daisy");
  } finally {
    close();
  }
});

it("configurations beside a file on disk are read", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "resnet-web-test-"));
  try {
    const file = path.join(folder, "model.safetensors");
    writeFileSync(file, "weights");
    writeFileSync(path.join(folder, "preprocessor_config.json"), "{}");
    const { beside } = await localWeights(file, { signal });
    expect(beside.map((bytes) => new TextDecoder().decode(bytes))).toEqual(["{}"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("finds an ONNX model's external data in its folder, or beside its address", async () => {
  const names = ["external-two.onnx", "external-two.weights", "external-two.bin"];
  const folder = mkdtempSync(path.join(tmpdir(), "onnx-"));
  for (const name of names) {
    const packed = readFileSync(`tests/fixtures/onnx/${name}.gz`);
    writeFileSync(path.join(folder, name), gunzipSync(packed));
  }
  const files = createServer(({ url = "" }, response) => {
    const file = path.join(folder, path.basename(url));
    if (existsSync(file)) response.end(readFileSync(file));
    else response.writeHead(404).end();
  });
  await once(files.listen(0, "127.0.0.1"), "listening");
  const address = `http://127.0.0.1:${(files.address() as AddressInfo).port}/`;
  try {
    for (const model of [path.join(folder, "external-two.onnx"), `${address}external-two.onnx`]) {
      const { external, remove } = await localWeights(model, { signal });
      const read = external.map(({ name, location }) => [
        name,
        "path" in location &&
          readFileSync(location.path).equals(readFileSync(path.join(folder, name))),
      ]);
      expect(read, model).toEqual(names.slice(1).map((name) => [name, true]));
      await remove();
    }
    rmSync(path.join(folder, "external-two.bin"));
    const { external } = await localWeights(path.join(folder, "external-two.onnx"), { signal });
    expect(external.map(({ name }) => name)).toEqual(["external-two.weights"]);
  } finally {
    files.close();
    rmSync(folder, { recursive: true });
  }
});
