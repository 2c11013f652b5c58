import type { Page } from "@playwright/test";
import { imageFile, textFile } from "./support/files";
import { SMALL } from "./support/networks";
import { type ClassifierPage, expect, test } from "./support/page";
import { inWorker, spoilWorkers } from "./support/workers";

test.use({ network: SMALL });

// What the page shows as its model has to be what answers, whatever was begun and given up meanwhile.

const OTHER = "Wide ResNet [1, 1, 1, 1]-2";
/** No weights of any kind. */
const NOTES = textFile("notes.safetensors", "GGUF".repeat(20));
/** More often than crashed code is restarted. */
const OFTEN = 4;

/**
 * Lets a test decide, in the worker, how long the code reads a file (`busy`, in milliseconds, once) and classifies
 * (`slow`, each time), whether building traps (`traps`), and counts the runs.
 */
const WORKER = `
  Object.assign(self, { busy: 0, slow: 0, traps: false, runs: 0 });
  const wait = (milliseconds) => {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
  };
  const { readAsArrayBuffer } = FileReaderSync.prototype;
  FileReaderSync.prototype.readAsArrayBuffer = function (blob) {
    wait(self.busy);
    self.busy = 0;
    return readAsArrayBuffer.call(this, blob);
  };
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (...source) => {
    const { instance, module } = await instantiateStreaming(...source);
    const { engine_load, model_begin } = instance.exports;
    const exports = {
      ...instance.exports,
      engine_load: (...values) => {
        if (self.traps) throw new WebAssembly.RuntimeError("unreachable");
        return engine_load(...values);
      },
      model_begin: (...values) => {
        self.runs += 1;
        wait(self.slow);
        return model_begin(...values);
      },
    };
    return { instance: { exports }, module };
  };`;

const cancel = (page: Page) =>
  page.locator("section.model").getByRole("button", { name: "Cancel" });

/** Opens the page with the small model, whose classes are called "small 0", "small 1" and so on. */
async function openSmall(classifier: ClassifierPage): Promise<void> {
  await spoilWorkers(classifier.page, WORKER);
  await classifier.open();
  await classifier.ready();
  const labels = Array.from({ length: 10 }, (_, i) => `small ${i}`);
  await classifier.chooseWeights(textFile("labels.json", JSON.stringify(labels)));
  await expect(classifier.model).toContainText("10 labels");
}

/** The model that is shown is the small one, and the next photo is answered by it. */
async function isSmall(classifier: ClassifierPage, name = "next.jpg"): Promise<void> {
  const { page } = classifier;
  await expect(classifier.named(SMALL.name)).toBeVisible();
  await classifier.chooseFile(await imageFile("cat-grey.jpg", name));
  // From then on a result is this photo's.
  await expect(page.getByRole("img", { name: `The photo: ${name}` })).toBeVisible();
  await expect(classifier.first).toContainText(/^small \d/);
}

test.describe("with a small model", () => {
  test.beforeEach(({ classifier }) => openSmall(classifier));

  test("a file that is overtaken while its network is built takes no effect", async ({
    classifier,
    page,
    weights,
  }) => {
    await inWorker(page, "self.busy = 600");
    await classifier.chooseWeights(await weights.path("wide.pth"));
    await page.waitForTimeout(100);
    await classifier.chooseWeights(NOTES);
    await expect(classifier.notice).toContainText("GGUF");
    await isSmall(classifier);
    // It can be loaded all the same.
    await classifier.chooseWeights(await weights.path("wide.pth"));
    await expect(classifier.named(OTHER)).toBeVisible();
    await expect(classifier.first).toContainText(/^class \d/);
  });

  test("a file that never loads can be cancelled, and a photo that waits behind it is answered", async ({
    classifier,
    page,
    weights,
  }) => {
    await inWorker(page, "self.busy = 1e6");
    await classifier.chooseWeights(await weights.path("wide.pth"));
    await expect(page.getByText("Building the network")).toBeVisible();
    await classifier.chooseFile(await imageFile("cat-grey.jpg"));
    await cancel(page).click();
    await expect(classifier.first).toContainText(/^small \d/);
    await expect(classifier.named(SMALL.name)).toBeVisible();
    await expect(classifier.notice).toHaveCount(0);
  });

  test("another file replaces one that never loads", async ({ classifier, page, weights }) => {
    await inWorker(page, "self.busy = 1e6");
    await classifier.chooseWeights(await weights.path("bottleneck.pth"));
    await expect(page.getByText("Building the network")).toBeVisible();
    await classifier.chooseWeights(await weights.path("wide.pth"));
    await expect(classifier.named(OTHER)).toBeVisible();
    await classifier.chooseFile(await imageFile("cat-grey.jpg"));
    await expect(classifier.first).toContainText(/^class \d/);
  });

  test("a file that makes the code trap is not loaded again, and the model before is", async ({
    classifier,
    page,
    weights,
  }) => {
    for (let times = 0; times < OFTEN; times += 1) {
      await inWorker(page, "self.traps = true");
      await classifier.chooseWeights(await weights.path("wide.pth"));
      await expect(classifier.notice).toContainText("stopped unexpectedly with this model");
      await page.getByRole("button", { name: "Dismiss" }).click();
      await isSmall(classifier, `after ${times}.jpg`);
    }
    await classifier.chooseWeights(await weights.path("wide.pth"));
    await expect(classifier.named(OTHER)).toBeVisible();
  });

  test("of many photos in quick succession only the last is waited for", async ({
    classifier,
    page,
  }) => {
    await inWorker(page, "self.slow = 300");
    const { buffer } = await imageFile("cat-grey.jpg");
    await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      for (let i = 0; i < 20; i += 1) {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([bytes], `${i}.png`, { type: "image/jpeg" }));
        window.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
        await new Promise((done) => setTimeout(done, 20));
      }
    }, buffer.toString("base64"));
    await expect(page.getByRole("img", { name: "The photo: 19.png" })).toBeVisible();
    await expect(classifier.first).toContainText(/^small \d/);
    expect(await inWorker(page, "self.runs")).toBeLessThanOrEqual(5);
  });
});

test.describe("where the network cannot run", () => {
  test("a browser without module workers is told so", async ({ classifier, page }) => {
    await page.addInitScript(() => {
      window.Worker = class {
        constructor() {
          throw new TypeError("Module scripts are not supported on DedicatedWorker yet.");
        }
      } as unknown as typeof Worker;
    });
    await classifier.open();
    await expect(classifier.notice).toContainText(
      /does not allow the worker.*Module scripts are not supported/,
    );
    await expect(page.getByText("Not started")).toBeVisible();
    await expect(page.getByText("Starting …")).toHaveCount(0);
  });

  test("a frame that is sandboxed is told what it lacks", async ({ classifier, page }) => {
    await page.context().route("**/embedding.html", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: '<iframe sandbox="allow-scripts" src="./?device=cpu" style="width: 90%; height: 90vh"></iframe>',
      }),
    );
    // As any host of static files does.
    await page.context().route("**/assets/*", async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), "access-control-allow-origin": "*" };
      return route.fulfill({ response, headers });
    });
    await classifier.open("embedding.html");
    const frame = page.frameLocator("iframe");
    await expect(frame.getByRole("alert")).toContainText(
      /does not allow the worker.*allow-same-origin/,
    );
    await expect(frame.getByText("Not started")).toBeVisible();
  });

  test("a worker that never starts is given up", async ({ classifier, page }) => {
    await page.clock.install();
    await page.context().route("**/worker-*.js", () => {});
    await classifier.open();
    await expect(page.getByText("Starting …")).toBeVisible();
    await page.clock.fastForward(61_000);
    await expect(classifier.notice).toContainText("did not run within 60 seconds");
    await expect(page.getByText("Not started")).toBeVisible();
  });

  test("a browser without OffscreenCanvas is told so", async ({ classifier, page }) => {
    await spoilWorkers(page, "delete self.OffscreenCanvas;");
    await classifier.open();
    await classifier.ready();
    await classifier.chooseFile(await imageFile("cat-grey.jpg"));
    await expect(classifier.notice).toContainText("it lacks OffscreenCanvas");
  });
});
