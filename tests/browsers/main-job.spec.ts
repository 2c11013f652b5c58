import { writeFile } from "node:fs/promises";
import type { StaticHost } from "../e2e/support/host";
import { RESNET_50_SHAPES, SMALL } from "../e2e/support/networks";
import type { WeightFiles } from "../e2e/support/weight-files";
import type { ClassifierTab } from "./support/classifier";
import { crashNext, prepareFaults } from "./support/faults";
import { expect, test } from "./support/test";

interface Job {
  page: ClassifierTab;
  host: StaticHost;
  weights: WeightFiles;
  /** Makes a file with this text, and returns its path. */
  textFile: (name: string, content: string) => Promise<string>;
}

interface Case {
  what: string;
  does: (job: Job) => Promise<void>;
}

const CAT = "www/public/photos/chelsea.png";
const CUP = "www/public/photos/coffee.png";
const PHOTOS = ".source input[type=file]";
const WEIGHTS = ".model-actions input[type=file]";
const WEIGHT_FILE = "weights/fixture.safetensors";

/** The row of a layer, with plain spaces. */
async function row({ tab }: ClassifierTab, layer: string): Promise<string> {
  const text = await tab.text(`[data-layer="${layer}"]`);
  return text.replace(/\s/g, " ");
}

/** With the default weights: the answers are those of ImageNet. */
const WITH_RESNET_50: Case[] = [
  {
    what: "both samples are classified, and the time is said",
    does: async ({ page }) => {
      await page.open();
      await page.sees("A cat");
      await page.sees("A cup of coffee");
      await page.says(/network \d+/, "#result");
      await page.says("Self-check passed", "[data-device]");
    },
  },
  {
    what: "the layer table shows the network's shapes, and opens down to single layers",
    does: async ({ page }) => {
      await page.open();
      await page.ready();
      const found: Record<string, string> = {};
      for (const [layer, shape] of Object.entries(RESNET_50_SHAPES)) {
        const text = await row(page, layer);
        found[layer] = text.includes(shape) ? shape : text;
      }
      expect(found).toEqual(RESNET_50_SHAPES);
      expect(await row(page, "layer2.0.conv1")).toBe("");
      await page.tab.clickButton("layer2");
      await page.tab.clickButton("layer2.0");
      expect(await row(page, "layer2.0.conv1")).toContain("Conv2d 1×1");
      await page.tab.clickButton("Expand all");
      await page.says("bn3", '[data-layer="layer4.2.bn3"]');
    },
  },
  {
    what: "a photo is dropped, and so is what is none",
    does: async ({ page, textFile }) => {
      await page.open();
      await page.ready();
      await page.tab.drop("body", CUP);
      await page.says(page.network.answers["A cup of coffee"], "#result");
      await page.tab.drop("body", await textFile("paper.pdf", "%PDF-1.7\x01"));
      await page.says(/None of this can be used: .*paper\.pdf/, ".notice");
    },
  },
  {
    what: "other weights take the place of the default ones, and give it back",
    does: async ({ page, weights }) => {
      await page.open();
      await page.sees("A cat");
      await page.tab.chooseFiles(WEIGHTS, await weights.path(SMALL.fixture ?? ""));
      await page.says(SMALL.answers["A cat"], "#result");
      await page.ready(SMALL);
      await page.tab.clickButton("Back to the default weights");
      await page.sees("A cup of coffee");
    },
  },
  {
    what: "of many photos each has a result, and one that is none does not stop the others",
    does: async ({ page, textFile }) => {
      await page.open();
      await page.ready();
      const files = [CAT, await textFile("notes.jpg", "This is a text."), CUP];
      await page.tab.chooseFiles(PHOTOS, ...files);
      await page.says("3 of 3 processed, 1 failed.", ".gallery");
      for (const result of [/Egyptian cat, 7\d/, /"notes.jpg" is not an image/, /espresso, 9\d/i]) {
        await page.says(result, ".gallery");
      }
      await page.tab.clickButton("Close the gallery");
      await page.sees("A cat");
    },
  },
];

/** With a network that is there and done sooner: not about the answer. */
const WITH_SMALL: Case[] = [
  {
    what: "a download is cancelled, and started again",
    does: async ({ page, host, weights }) => {
      host.change(WEIGHT_FILE, () => new Promise(() => {}));
      await page.open();
      await page.tab.clickButton("Cancel");
      await page.says("No model is loaded.");
      await weights.serve(host, SMALL.fixture ?? "");
      await page.tab.clickButton("Load again");
      await page.sees("A cat");
    },
  },
  {
    what: "code that crashes starts again on the CPU with its model, and the photo is classified again",
    does: async ({ page, host }) => {
      prepareFaults(host);
      await page.open();
      await page.sees("A cat");
      await crashNext(page.tab);
      await page.tab.clickButton("A cup of coffee");
      await page.says("stopped unexpectedly", ".notice");
      await page.runsOn("cpu", "crashed");
      await page.says(SMALL.answers["A cup of coffee"], "#result");
      await page.sees("A cat");
    },
  },
  {
    what: "the evidence for a class is shown over the photo, and a layer's maps beside it",
    does: async ({ page }) => {
      await page.open();
      await page.sees("A cat");
      await page.tab.clickButton("Where?");
      await page.has(".heat");
      await page.tab.choose(".inspector select", "1");
      await page.has(".map-grid canvas");
    },
  },
  {
    what: "a result is copied, and saved as an image",
    does: async ({ page }) => {
      await page.open();
      await page.sees("A cat");
      await page.tab.clickButton("Copy result");
      await page.says("The result is on the clipboard.", ".take-away");
      await page.tab.clickButton("Save as image");
      await page.says("The photo with its result is saved.", ".take-away");
    },
  },
  {
    what: "the host isolates the page, and it computes on as many threads as a person wants",
    does: async ({ page }) => {
      await page.open();
      await page.sees("A cat");
      expect(await page.isIsolated()).toBe(true);
      for (const threads of [1, 2]) {
        await page.tab.choose("#threads", String(threads));
        await page.says(threads === 1 ? "CPU, 1 thread" : "CPU, 2 threads", "[data-device]");
        await page.sees("A cup of coffee");
        await page.sees("A cat");
      }
    },
  },
];

/** What the page is there for, step by step as a person does it. */
function define({ what, does }: Case): void {
  test(what, async ({ host, classifier, weights }, info) => {
    const textFile = async (name: string, content: string) => {
      const file = info.outputPath(name);
      await writeFile(file, content);
      return file;
    };
    await does({ page: classifier, host, weights, textFile });
  });
}

for (const one of WITH_RESNET_50) define(one);

test.describe("with a small network", () => {
  test.use({ network: SMALL });
  for (const one of WITH_SMALL) define(one);
});
