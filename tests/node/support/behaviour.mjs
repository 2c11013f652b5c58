// What `resnet-web/node` promises, as a script that every runtime runs from a project that has the package. It prints, as JSON,
// what was found where that is not what was expected, and ends by itself.
//
//   behaviour.mjs REPOSITORY WEIGHTS

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Classifier, createClassifier, ResNetError } from "resnet-web/node";

const [repository, weights] = process.argv.slice(2);
const CAT = path.join(repository, "www/public/photos/chelsea.png");
const TURNED = path.join(repository, "tests/fixtures/images/cat-exif-rotated.jpg");
const GREY = path.join(repository, "tests/fixtures/images/cat-grey.jpg");
const bytes = readFileSync(weights);
const sha256 = createHash("sha256").update(bytes).digest("hex");
const folder = mkdtempSync(path.join(tmpdir(), "resnet-web-test-"));
const fileOf = (name, content) => {
  writeFileSync(path.join(folder, name), content);
  return path.join(folder, name);
};
writeFileSync(path.join(folder, "model.pth"), bytes);
const manifest = fileOf(
  "manifest.json",
  JSON.stringify({ file: "model.pth", bytes: bytes.length, sha256 }),
);

/** Serves the weights; `/missing` is not there. */
const server = createServer((request, response) => {
  if (request.url === "/model.pth") response.end(bytes);
  else if (request.url === "/cat.png") response.end(readFileSync(CAT));
  else response.writeHead(404).end();
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const site = `http://127.0.0.1:${server.address().port}`;

const pixels = {
  width: 64,
  height: 48,
  data: Uint8Array.from(
    { length: 4 * 64 * 48 },
    (_, i) => ((i * 37) % 256) | (i % 4 === 3 ? 255 : 0),
  ),
};

/** What became of a call: its value, or its error's name and code. */
const outcomeOf = (call) =>
  call.then(
    (value) => value,
    (error) =>
      error instanceof ResNetError ? `${error.name} ${error.code}` : `not ours: ${error}`,
  );
const sizeOf = ({ width, height }) => `${width} x ${height}`;
const first = ({ top: [{ index, probability }] }) => `${index} ${probability}`;

const classifier = await createClassifier({ weights, threads: 2 });
const cat = first(await classifier.classify(CAT));

/** Loads weights in a classifier of its own, and says what became of it. */
async function loaded(source, options = {}) {
  const own = new Classifier({ threads: 1 });
  const outcome = await outcomeOf(own.load(source, options));
  own.dispose();
  return typeof outcome === "string" ? outcome : outcome.info.classes;
}

const CASES = [
  // Images.
  ["a path", cat, async () => first(await classifier.classify(CAT))],
  ["a file's address", cat, async () => first(await classifier.classify(pathToFileURL(CAT)))],
  ["the same as text", cat, async () => first(await classifier.classify(pathToFileURL(CAT).href))],
  ["an address of the web", cat, async () => first(await classifier.classify(`${site}/cat.png`))],
  ["bytes", cat, async () => first(await classifier.classify(readFileSync(CAT)))],
  [
    "a buffer",
    cat,
    async () => first(await classifier.classify(Uint8Array.from(readFileSync(CAT)).buffer)),
  ],
  ["a Blob", cat, async () => first(await classifier.classify(new Blob([readFileSync(CAT)])))],
  ["pixels", "64 x 48", async () => sizeOf(await classifier.classify(pixels))],
  [
    "pixels, clamped",
    "64 x 48",
    async () =>
      sizeOf(await classifier.classify({ ...pixels, data: Uint8ClampedArray.from(pixels.data) })),
  ],
  [
    "bytes remain the caller's",
    4 * 64 * 48,
    async () => {
      await classifier.classify(pixels);
      return pixels.data.length;
    },
  ],
  ["a turned photo", "300 x 200", async () => sizeOf(await classifier.classify(TURNED))],
  [
    "an image that is not there",
    "ResNetError image-decode",
    () => outcomeOf(classifier.classify("/nowhere.jpg")),
  ],
  [
    "an address that is not there",
    "ResNetError image-download",
    () => outcomeOf(classifier.classify(`${site}/missing`)),
  ],
  [
    "no image",
    "ResNetError image-decode",
    () => outcomeOf(classifier.classify(Buffer.from("GIF89a"))),
  ],
  [
    "an empty file",
    "ResNetError image-decode",
    () => outcomeOf(classifier.classify(new Uint8Array())),
  ],
  [
    "a damaged image",
    "ResNetError image-decode",
    () => outcomeOf(classifier.classify(readFileSync(GREY).subarray(0, 100))),
  ],
  [
    "an image after a damaged one",
    "300 x 200",
    async () => sizeOf(await classifier.classify(GREY)),
  ],
  [
    "an image that is cut short",
    true,
    async () => (await classifier.classify(readFileSync(GREY).subarray(0, -2000))).cutShort,
  ],
  [
    "too few pixels",
    "ResNetError image-size",
    () => outcomeOf(classifier.classify({ ...pixels, width: 65 })),
  ],
  ...[null, undefined, 7].map((image) => [
    `the image ${image}`,
    "ResNetError image-decode",
    () => outcomeOf(classifier.classify(image)),
  ]),
  [
    "pixels of a negative width",
    "ResNetError image-size",
    () => outcomeOf(classifier.classify({ ...pixels, width: -64 })),
  ],
  ...[0, -1, 1.5, Number.NaN].flatMap((number) => [
    [
      `the ${number} most probable classes`,
      "ResNetError argument",
      () => outcomeOf(classifier.classify(CAT, { top: number })),
    ],
    [`${number} threads`, "ResNetError argument", () => outcomeOf(classifier.setThreads(number))],
  ]),
  [
    "a class that there is none of",
    "ResNetError class-index",
    () => outcomeOf(classifier.classify(CAT, { evidence: 10 })),
  ],
  [
    "evidence",
    "7 x 7",
    async () => sizeOf((await classifier.classify(CAT, { evidence: "first" })).evidence),
  ],
  [
    "as many classes as were asked for",
    3,
    async () => (await classifier.classify(CAT, { top: 3 })).top.length,
  ],
  // Signals.
  [
    "a signal that was aborted before",
    "AbortError aborted",
    () => outcomeOf(classifier.classify(CAT, { signal: AbortSignal.abort() })),
  ],
  [
    "a signal that is aborted meanwhile",
    "AbortError aborted",
    () => {
      const controller = new AbortController();
      const call = outcomeOf(classifier.classify(CAT, { signal: controller.signal }));
      controller.abort();
      return call;
    },
  ],
  ["an image after that", cat, async () => first(await classifier.classify(CAT))],
  [
    "a load that is aborted",
    "AbortError aborted",
    () => {
      const controller = new AbortController();
      const call = outcomeOf(classifier.load(weights, { signal: controller.signal }));
      controller.abort();
      return call;
    },
  ],
  [
    "a load that a newer one replaces",
    "AbortError aborted",
    async () => {
      const older = outcomeOf(classifier.load(weights));
      await classifier.load(weights);
      return older;
    },
  ],
  // Several.
  [
    "several at once",
    [cat, cat, cat].join(),
    async () =>
      (await Promise.all([CAT, CAT, CAT].map((image) => classifier.classify(image))))
        .map(first)
        .join(),
  ],
  [
    "many, with their errors",
    `0 ${cat} | 1 image-decode | 2 ${cat} | 3/1 of 3`,
    async () => {
      const found = [];
      let last;
      const onProgress = ({ done, failed, total }) => {
        last = `${done}/${failed} of ${total}`;
      };
      for await (const { index, result, error } of classifier.classifyMany(
        [CAT, "/nowhere.jpg", CAT],
        { onProgress },
      )) {
        found.push(`${index} ${result ? first(result) : error.code}`);
      }
      return [...found, last].join(" | ");
    },
  ],
  [
    "two classifiers at once",
    cat,
    async () => {
      const other = await createClassifier({ weights, threads: 1 });
      const [answer] = await Promise.all([other.classify(CAT), classifier.classify(CAT)]);
      other.dispose();
      return first(answer);
    },
  ],
  [
    "the caller's event loop goes on",
    true,
    async () => {
      let turns = 0;
      const timer = setInterval(() => (turns += 1), 1);
      await classifier.classify(CAT);
      clearInterval(timer);
      return turns > 0;
    },
  ],
  [
    "one thread computes what two do",
    cat,
    async () => {
      const { threads } = await classifier.setThreads(1);
      const answer = first(await classifier.classify(CAT));
      await classifier.setThreads(2);
      return threads.count === 1 ? answer : `on ${threads.count}`;
    },
  ],
  // Layers.
  [
    "a feature map",
    "bn1 112 x 112",
    async () => {
      const { layers } = await classifier.inspect(CAT);
      const [map] = await classifier.featureMaps(0, 0, 1);
      return `${layers[0].name} ${sizeOf(map)}`;
    },
  ],
  // Weights.
  ["weights at a path", 10, () => loaded(weights)],
  ["weights at a file's address", 10, () => loaded(pathToFileURL(weights))],
  ["weights on the web", 10, () => loaded(`${site}/model.pth`, { sha256 })],
  ["weights as bytes", 10, () => loaded(bytes)],
  ["weights as a Blob", 10, () => loaded(new Blob([bytes]))],
  ["a manifest", 10, () => loaded(manifest)],
  ["weights that are not there", "ResNetError weights-unreadable", () => loaded("/nowhere.pth")],
  [
    "weights that are not on the web",
    "ResNetError weights-download",
    () => loaded(`${site}/missing`),
  ],
  [
    "other weights than expected",
    "ResNetError weights-checksum",
    () => loaded(weights, { sha256: "0".repeat(64) }),
  ],
  ["what is no weight file", "ResNetError weights-format", () => loaded(CAT)],
  [
    "weights that are cut short",
    "ResNetError weights-format",
    () => loaded(bytes.subarray(0, 1000)),
  ],
  [
    "a failed load leaves the model",
    cat,
    async () => {
      await outcomeOf(classifier.load("/nowhere.pth"));
      return first(await classifier.classify(CAT));
    },
  ],
  // Labels.
  [
    "labels",
    "nine",
    async () => {
      const labels = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
      ];
      return (await classifier.setLabels(labels)).info.labels[9];
    },
  ],
  ["too few labels", "ResNetError labels", () => loaded(weights, { labels: ["one"] })],
  [
    "a file of labels",
    10,
    () => loaded(weights, { labels: fileOf("labels.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n") }),
  ],
  // Before and after.
  ["no weights yet", "ResNetError not-ready", () => outcomeOf(new Classifier().classify(CAT))],
  [
    "a call under way when it is disposed of",
    "AbortError aborted",
    async () => {
      const other = await createClassifier({ weights, threads: 1 });
      const call = outcomeOf(other.classify(CAT));
      other.dispose();
      return call;
    },
  ],
  [
    "a call after that",
    "AbortError aborted",
    async () => {
      const other = new Classifier();
      other.dispose();
      return outcomeOf(other.load(weights));
    },
  ],
];

const wrong = [];
for (const [what, expected, work] of CASES) {
  const found = await work().catch((thrown) => `threw ${thrown?.stack ?? thrown}`);
  if (found !== expected) wrong.push(`${what}: expected ${expected}, found ${found}`);
}
server.close();
server.closeAllConnections();
rmSync(folder, { recursive: true });
console.log(JSON.stringify({ passed: CASES.length - wrong.length, wrong }));
// Nothing is disposed of: a classifier that does nothing does not keep the process alive.
