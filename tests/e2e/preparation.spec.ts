import type { Page } from "@playwright/test";
import { overflow, violations } from "./support/access";
import { textFile, weightFile } from "./support/files";
import { SMALL } from "./support/networks";
import { expect, test } from "./support/page";

const THINGS = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, `thing ${i}`]));
const CONFIG = JSON.stringify({
  architectures: ["ResNetForImageClassification"],
  model_type: "resnet",
  downsample_in_bottleneck: false,
  id2label: THINGS,
});
const PREPROCESSOR = JSON.stringify({
  image_processor_type: "ConvNextImageProcessor",
  size: { shortest_edge: 64 },
  crop_pct: 0.8,
  image_mean: [0.4, 0.5, 0.6],
  image_std: [0.5, 0.5, 0.5],
  resample: 3,
});

/** The fields of the panel, and its summary. */
const panel = (page: Page, heading = "How photos are prepared") => {
  const all = page.locator(".preparation");
  return { all, summary: all.getByText(heading), apply: all.getByRole("button") };
};

test.describe("how photos are prepared", () => {
  test.use({ network: SMALL });

  test("is shown, can be changed, and goes with a link", async ({ classifier, page }) => {
    await classifier.openWithCat();
    const { all, summary, apply } = panel(page);
    await expect(summary).toContainText("224 × 224 pixels, bilinear, cut off at both ends");
    await summary.click();
    await expect(all.getByLabel("Mean that is subtracted, channel 1")).toHaveValue("0.485");
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 375, height: 800 });
    expect(await overflow(page)).toBeLessThanOrEqual(0);

    await all.getByLabel("Square in the middle").fill("300");
    await apply.click();
    // The browser says what is wrong, and nothing is loaded.
    await expect(summary).toContainText("224 × 224");
    await all.getByLabel("Short side resized to").fill("70");
    await all.getByLabel("Square in the middle").fill("64");
    await all.getByLabel("Photos of other shapes").selectOption("stretch");
    await all.getByLabel("Resized by").selectOption("bicubic");
    await all.getByLabel("Order of the channels").selectOption("bgr");
    await all.getByLabel("Value of white").fill("255");
    for (const [channel, mean] of [103.939, 116.779, 123.68].entries()) {
      await all.getByLabel(`Mean that is subtracted, channel ${channel + 1}`).fill(`${mean}`);
      await all
        .getByLabel(`Standard deviation that is divided by, channel ${channel + 1}`)
        .fill("50");
    }
    await apply.click();
    await expect(summary).toContainText("64 × 64 pixels, bicubic, stretched to a square");
    await expect(classifier.model).toContainText("1 × 3 × 64 × 64");
    await expect(classifier.first).toContainText(/class \d/);
    await expect(page.locator("#normalisation")).toHaveValue("own");
    const { percent } = await classifier.topResult();

    const link =
      "?device=cpu&mean=103.939,116.779,123.68&std=50,50,50&resize=70&crop=64&filter=bicubic&fit=stretch&channels=bgr&range=255";
    await classifier.open(link);
    await expect(summary).toContainText("64 × 64 pixels, bicubic, stretched to a square");
    await classifier.chooseSample("A cat");
    expect((await classifier.topResult()).percent).toBe(percent);
  });

  test("is said in German, too, at a phone's size", async ({ classifier, page }) => {
    await page.setViewportSize({ width: 375, height: 800 });
    await classifier.open("?device=cpu&lang=de");
    await classifier.ready();
    const { summary, apply } = panel(page, "Wie Fotos vorbereitet werden");
    await expect(summary).toContainText("224 × 224 Pixel, bilinear, an beiden Enden beschnitten");
    await summary.click();
    await expect(apply).toHaveText("Fotos so vorbereiten");
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
  });

  test("comes with a folder of Hugging Face's that is dropped", async ({ classifier, page }) => {
    await classifier.open();
    await classifier.ready();
    await classifier.drop(
      textFile("config.json", CONFIG),
      await weightFile("basic-zip.pth", "pytorch_model.bin"),
      textFile("preprocessor_config.json", PREPROCESSOR),
    );
    await expect(classifier.model).toContainText("10 labels");
    await expect(panel(page).summary).toContainText("64 × 64 pixels, bicubic");
    await expect(classifier.notice).toHaveCount(0);
    await classifier.chooseSample("A cat");
    await expect(classifier.first).toContainText(/thing \d/i);
  });
});

test.describe("a model on the Hugging Face Hub", () => {
  test.use({ network: SMALL, ownOriginOnly: false });
  const HUB = "https://huggingface.co";

  /** Plays the hub, which leads to another origin for weights. Returns what it was asked for. */
  async function playHub(page: Page, weights: Buffer): Promise<string[]> {
    const asked: string[] = [];
    const headers = { "access-control-allow-origin": "*" };
    const siblings = ["README.md", "config.json", "preprocessor_config.json", "pytorch_model.bin"];
    const files: Record<string, string> = {
      "/api/models/a/b/revision/main": JSON.stringify({
        siblings: siblings.map((rfilename) => ({ rfilename })),
      }),
      "/a/b/resolve/main/config.json": CONFIG,
      "/a/b/resolve/main/preprocessor_config.json": PREPROCESSOR,
    };
    await page.context().route(`${HUB}/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      asked.push(pathname);
      if (pathname.endsWith("/pytorch_model.bin")) return route.fulfill({ headers, body: weights });
      const body = files[pathname];
      return route.fulfill(body === undefined ? { status: 404, headers } : { headers, body });
    });
    return asked;
  }

  test("is found by its name, asked for, and loaded with its labels and preparation", async ({
    classifier,
    page,
  }) => {
    const { buffer } = await weightFile("basic-zip.pth");
    const asked = await playHub(page, buffer);
    await classifier.openWithCat();
    expect(asked).toEqual([]);
    await page.getByLabel("a model on the Hugging Face Hub").fill("hf:a/b");
    await page.getByRole("button", { name: "Load", exact: true }).click();
    const question = classifier.notice.filter({ hasText: "Download weights" });
    await expect(question).toContainText("huggingface.co");
    // The list, and the size of the weights.
    expect(new Set(asked)).toEqual(
      new Set(["/api/models/a/b/revision/main", "/a/b/resolve/main/pytorch_model.bin"]),
    );
    await question.getByRole("button", { name: "Download" }).click();
    await expect(classifier.named(SMALL.name)).toBeVisible();
    await expect(classifier.model).toContainText("10 labels");
    await expect(panel(page).summary).toContainText("64 × 64 pixels, bicubic");
    await expect(classifier.model).not.toContainText("Assumed: the file does not say.");
  });

  test("of which there is only a pointer of Git LFS is refused, with the reason", async ({
    classifier,
    page,
  }) => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 100\n";
    await playHub(page, Buffer.from(pointer));
    await classifier.open(`?device=cpu&weights=${HUB}/a/b/blob/main/pytorch_model.bin`);
    await classifier.notice.getByRole("button", { name: "Download" }).click();
    await expect(classifier.notice).toContainText("a Git LFS pointer, not the file it points to");
  });
});
