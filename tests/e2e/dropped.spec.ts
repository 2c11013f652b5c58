import { cp, readFile, writeFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { overflow, violations } from "./support/access";
import { expect, test } from "./support/page";

interface Given {
  name: string;
  type?: string;
  content: Buffer | string;
}

/** A weight file of ten classes that PyTorch wrote. */
async function weights(name: string, file = "basic-zip.pth"): Promise<Given> {
  const packed = await readFile(`tests/fixtures/weights/${file}.gz`);
  return { name, content: gunzipSync(packed) };
}

async function photo(name: string, type = ""): Promise<Given> {
  return { name, type, content: await readFile("www/public/photos/chelsea.png") };
}

const THINGS = Array.from({ length: 10 }, (_, i) => `thing ${i}`);
const CONFIG: Given = {
  name: "config.json",
  content: JSON.stringify({ model_type: "resnet", id2label: { ...THINGS } }),
};
const README: Given = { name: "README.md", content: "# A model" };

/** Drops files on the page, or pastes them. */
async function give(page: Page, files: Given[], event: "drop" | "paste" = "drop") {
  const sent = files.map(({ name, type = "", content }) => ({
    name,
    type,
    base64: Buffer.from(content).toString("base64"),
  }));
  await page.evaluate(
    ({ sent, event }) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of sent) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        data.items.add(new File([bytes], name, { type }));
      }
      window.dispatchEvent(
        event === "drop"
          ? new DragEvent("drop", { dataTransfer: data, cancelable: true })
          : new ClipboardEvent("paste", { clipboardData: data }),
      );
    },
    { sent, event },
  );
}

const model = (page: Page) => page.locator("section.model");
const small = (page: Page) => page.getByRole("heading", { name: "ResNet [1, 1, 1, 1]" });

test.beforeEach(async ({ classifier }) => {
  await classifier.open("?device=cpu");
  await classifier.ready();
});

test("weights, their labels and a photo that are dropped together belong together", async ({
  classifier,
  page,
}) => {
  await give(page, [await photo("cat"), README, CONFIG, await weights("model.bin")]);
  await expect(small(page)).toBeVisible();
  await expect(model(page)).toContainText("10 labels");
  await expect(classifier.result.getByRole("listitem").first()).toContainText(/thing \d/i);
  await expect(page.getByRole("img", { name: "The photo: cat" })).toBeVisible();
  await expect(classifier.notice).toContainText("Not every file was used");
  await expect(classifier.notice).toContainText("Not used: \u2068README.md\u2069 (neither");
  expect(await violations(page)).toEqual([]);
  await page.setViewportSize({ width: 375, height: 800 });
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  // What comes next is another matter.
  await give(page, [await photo("cat.png", "image/png")], "paste");
  await expect(classifier.notice).toHaveCount(0);
});

test("a preprocessor's configuration sets sizes and normalisation, and what it cannot have is said", async ({
  classifier,
  page,
}) => {
  const preprocessor = {
    name: "preprocessor_config.json",
    content: JSON.stringify({
      image_processor_type: "ConvNextImageProcessor",
      size: { shortest_edge: 64 },
      crop_pct: 0.8,
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
      resample: 3,
    }),
  };
  await give(page, [preprocessor, CONFIG, await weights("model.bin"), await photo("cat")]);
  await expect(small(page)).toBeVisible();
  await expect(model(page)).toContainText("10 labels");
  await expect(model(page)).toContainText("1 × 3 × 64 × 64");
  await expect(page.locator("#normalisation")).toHaveValue("symmetric");
  await expect(model(page)).toContainText(/asks for interpolation = .?bicubic/);
  await expect(classifier.result.getByRole("listitem").first()).toContainText(/thing \d/i);
  await expect(classifier.notice).toHaveCount(0);
});

test("what a fine-tuned checkpoint has beside its network is ignored, and said", async ({
  page,
}) => {
  await give(page, [await weights("lightning.ckpt", "lightning.ckpt")]);
  await expect(small(page)).toBeVisible();
  await expect(model(page)).toContainText(/Ignored, .*criterion\.weight/);
});

test("of several sets of weights in a file one is taken, and the other can be chosen", async ({
  page,
}) => {
  await give(page, [await weights("averages.pth", "averages.pth")]);
  const set = page.getByLabel("Set of weights");
  await expect(set).toHaveValue("state_dict");
  await set.selectOption("state_dict_ema");
  await expect(set).toBeEnabled();
  await expect(set).toHaveValue("state_dict_ema");
});

test("a network of one output tells two classes apart", async ({ classifier, page }) => {
  const labels = { name: "labels.txt", content: "cat\ndog" };
  await give(page, [await weights("binary.pth", "binary.pth"), labels, await photo("cat")]);
  const results = classifier.result.getByRole("listitem");
  await expect(results).toHaveCount(2);
  await expect(results.filter({ hasText: /cat/i })).toHaveCount(1);
  await expect(results.filter({ hasText: /dog/i })).toHaveCount(1);
  await expect(page.getByRole("row", { name: /sigmoid/i })).toHaveCount(1);
});

test("labels of weights that cannot be loaded are not given to the model that is there", async ({
  classifier,
  page,
}) => {
  const broken = { name: "model.pth", content: "PK\x03\x04 and no more" };
  await give(page, [broken, CONFIG, await photo("cat")]);
  await expect(classifier.notice).toContainText("That did not work");
  await expect(classifier.notice).not.toContainText("labels");
  await expect(classifier.result.getByRole("listitem").first()).toContainText("Egyptian cat");
});

test("files are known by their bytes, wherever they are chosen", async ({ classifier, page }) => {
  const files = [await weights("model"), { name: "labels.csv", content: THINGS.join("\n") }];
  const chosen = files.map(({ name, content }) => ({
    name,
    mimeType: "",
    buffer: Buffer.from(content),
  }));
  await page.locator(".source input[type=file]").first().setInputFiles(chosen);
  await expect(small(page)).toBeVisible();
  await expect(model(page)).toContainText("10 labels");
  const dialog = page.locator(".model-actions input[type=file]");
  await expect(dialog).toHaveAttribute("accept", /\.ckpt,\.tar,\.onnx,\.txt,\.json,\.csv$/);
  const cat = { name: "cat.pth", mimeType: "", buffer: (await photo("")).content as Buffer };
  await dialog.setInputFiles(cat);
  await expect(classifier.result.getByRole("listitem").first()).toContainText(/thing \d/i);
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
  await expect(gallery).toContainText("2 of 2 looked at.");
  await expect(classifier.notice).toContainText("photos/notes.txt");
});

test("what is of no use is named", async ({ classifier, page }) => {
  await give(page, [
    { name: "paper.pdf", content: "%PDF-1.7\x01" },
    { name: "nothing", content: "" },
  ]);
  await expect(classifier.notice).toContainText(/Nothing of this can be used: .*paper\.pdf/);
  await expect(classifier.notice).toContainText(/nothing.* \(empty\)/);
});

test("weights of another library are named by their reader", async ({ classifier, page }) => {
  await give(page, [{ name: "model.onnx", content: "\x08\x07\x12\x07pytorch" }]);
  await expect(classifier.notice).toContainText(/no weight file that can be read/i);
});
