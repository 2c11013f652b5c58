import { cp, readFile, writeFile } from "node:fs/promises";
import { overflow, violations } from "./support/access";
import { type GivenFile, onnxFile, textFile, weightFile } from "./support/files";
import { SMALL } from "./support/networks";
import { expect, test } from "./support/page";

async function photo(name: string, mimeType = ""): Promise<GivenFile> {
  return { name, mimeType, buffer: await readFile("www/public/photos/chelsea.png") };
}

/** Weights of ten classes that PyTorch wrote. */
const weights = (name: string, file = "basic-zip.pth") => weightFile(file, name);

const THINGS = Array.from({ length: 10 }, (_, i) => `thing ${i}`);
const CONFIG = textFile(
  "config.json",
  JSON.stringify({ model_type: "resnet", id2label: { ...THINGS } }),
);
const README = textFile("README.md", "# A model");

test.beforeEach(async ({ classifier }) => {
  await classifier.open();
  await classifier.ready();
});

test("weights, their labels and a photo that are dropped together belong together", async ({
  classifier,
  page,
}) => {
  await classifier.drop(await photo("cat"), README, CONFIG, await weights("model.bin"));
  await expect(classifier.named(SMALL.name)).toBeVisible();
  await expect(classifier.model).toContainText("10 labels");
  await expect(classifier.first).toContainText(/thing \d/i);
  await expect(page.getByRole("img", { name: "The photo: cat" })).toBeVisible();
  await expect(classifier.notice).toContainText("Not every file was used");
  await expect(classifier.notice).toContainText("Not used: \u2068README.md\u2069 (neither");
  expect(await violations(page)).toEqual([]);
  await page.setViewportSize({ width: 375, height: 800 });
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  // What comes next is another matter.
  await classifier.paste(await photo("cat.png", "image/png"));
  await expect(classifier.notice).toHaveCount(0);
});

test("a preprocessor's configuration sets sizes and normalisation, and what it cannot have is said", async ({
  classifier,
  page,
}) => {
  const preprocessor = textFile(
    "preprocessor_config.json",
    JSON.stringify({
      image_processor_type: "ConvNextImageProcessor",
      size: { shortest_edge: 64 },
      crop_pct: 0.8,
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
      resample: 1,
    }),
  );
  await classifier.drop(preprocessor, CONFIG, await weights("model.bin"), await photo("cat"));
  await expect(classifier.named(SMALL.name)).toBeVisible();
  await expect(classifier.model).toContainText("10 labels");
  await expect(classifier.model).toContainText("1 × 3 × 64 × 64");
  await expect(page.locator("#normalisation")).toHaveValue("symmetric");
  await expect(classifier.model).toContainText(/asks for interpolation = .?lanczos/);
  await expect(classifier.first).toContainText(/thing \d/i);
  await expect(classifier.notice).toHaveCount(0);
});

test("what a fine-tuned checkpoint has beside its network is ignored, and said", async ({
  classifier,
}) => {
  await classifier.drop(await weights("lightning.ckpt", "lightning.ckpt"));
  await expect(classifier.named(SMALL.name)).toBeVisible();
  await expect(classifier.model).toContainText(/Ignored because .*criterion\.weight/);
});

test("of several sets of weights in a file one is taken, and the other can be chosen", async ({
  classifier,
  page,
}) => {
  await classifier.drop(await weights("averages.pth", "averages.pth"));
  const set = page.getByLabel("Set of weights");
  await expect(set).toHaveValue("state_dict");
  await set.selectOption("state_dict_ema");
  await expect(set).toBeEnabled();
  await expect(set).toHaveValue("state_dict_ema");
});

test("a network with one output distinguishes two classes", async ({ classifier, page }) => {
  const labels = textFile("labels.txt", "cat\ndog");
  await classifier.drop(await weights("binary.pth", "binary.pth"), labels, await photo("cat"));
  const results = classifier.result.getByRole("listitem");
  await expect(results).toHaveCount(2);
  await expect(results.filter({ hasText: /cat/i })).toHaveCount(1);
  await expect(results.filter({ hasText: /dog/i })).toHaveCount(1);
  await expect(page.getByRole("row", { name: /sigmoid/i })).toHaveCount(1);
});

test("an ONNX model has its weights in files that are dropped with it", async ({ classifier }) => {
  const model = await onnxFile("external-two.onnx");
  await classifier.drop(model, await photo("cat"));
  await expect(classifier.notice).toContainText(/external-two\.(weights|bin).?: choose both files/);

  const parts = [await onnxFile("external-two.weights"), await onnxFile("external-two.bin")];
  await classifier.drop(
    ...parts,
    model,
    textFile("labels.txt", THINGS.join("\n")),
    await photo("cat"),
  );
  await expect(classifier.model).toContainText("ONNX");
  await expect(classifier.model).toContainText("10 labels");
  await expect(classifier.model).toContainText("1 × 3 × 32 × 32");
  await expect(classifier.first).toContainText(/thing \d/i);
  await expect(classifier.notice).toHaveCount(0);
});

test("an ONNX model's external data is found beside its address", async ({ classifier, page }) => {
  const names = ["external.onnx", "external.onnx.data"];
  const files = new Map(
    await Promise.all(names.map(async (name) => [name, await onnxFile(name)] as const)),
  );
  await page.route("**/models/*", async (route) => {
    const file = files.get(new URL(route.request().url()).pathname.split("/").at(-1) ?? "");
    await route.fulfill(file ? { body: file.buffer } : { status: 404 });
  });
  await classifier.open("?device=cpu&weights=models/external.onnx");
  await expect(classifier.model).toContainText("ONNX");
  await classifier.chooseSample("A cat");
  await expect(classifier.first).toContainText(/class \d/i);
});

test("labels of weights that cannot be loaded are not given to the model that is there", async ({
  classifier,
}) => {
  const broken = textFile("model.pth", "PK\x03\x04 and no more");
  await classifier.drop(broken, CONFIG, await photo("cat"));
  await expect(classifier.notice).toContainText("That did not work");
  await expect(classifier.notice).not.toContainText("labels");
  await classifier.shows("A cat");
});

test("files are known by their bytes, wherever they are chosen", async ({ classifier, page }) => {
  const files = [await weights("model"), textFile("labels.csv", THINGS.join("\n"))];
  await classifier.chooseFile(...files);
  await expect(classifier.named(SMALL.name)).toBeVisible();
  await expect(classifier.model).toContainText("10 labels");
  const dialog = page.locator(".model-actions input[type=file]");
  await expect(dialog).toHaveAttribute(
    "accept",
    /\.ckpt,\.tar,\.onnx,\.data,\.onnx_data,\.txt,\.json,\.csv$/,
  );
  await classifier.chooseWeights(await photo("cat.pth"));
  await expect(classifier.first).toContainText(/thing \d/i);
  await expect(classifier.notice).toHaveCount(0);
});

test("a folder of photos without endings is a gallery, and says what it leaves out", async ({
  classifier,
  page,
}, testInfo) => {
  for (const name of ["a", "b"]) {
    await cp("www/public/photos/chelsea.png", testInfo.outputPath("photos", name));
  }
  await writeFile(testInfo.outputPath("photos", "notes.txt"), "of my holidays");
  await page
    .locator(".source input[type=file]")
    .nth(1)
    .setInputFiles(testInfo.outputPath("photos"));
  const gallery = page.getByRole("region", { name: "2 photos" });
  await expect(gallery).toContainText("2 of 2 processed.");
  await expect(classifier.notice).toContainText("photos/notes.txt");
});

test("what is of no use is named", async ({ classifier }) => {
  await classifier.drop(textFile("paper.pdf", "%PDF-1.7\x01"), textFile("nothing", ""));
  await expect(classifier.notice).toContainText(/None of this can be used: .*paper\.pdf/);
  await expect(classifier.notice).toContainText(/nothing.* \(empty\)/);
});

test("weights of another library are named by their reader", async ({ classifier }) => {
  await classifier.drop(textFile("model.onnx", "\x08\x07\x12\x07pytorch"));
  await expect(classifier.notice).toContainText(/not a weight file that can be read/i);
});
