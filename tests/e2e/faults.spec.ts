import { readFile } from "node:fs/promises";
import type { Route } from "@playwright/test";
import { SMALL } from "./support/networks";
import { expect, test } from "./support/page";
import { crashNext, prepareFaults } from "./support/workers";

test("what is no image is named, and the page goes on", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  const cases = [
    {
      name: "notes.jpg",
      buffer: Buffer.from("This is a text."),
      says: '"notes.jpg" is not an image',
    },
    { name: "empty.png", buffer: Buffer.alloc(0), says: '"empty.png" is empty' },
  ];
  for (const { name, buffer, says } of cases) {
    await classifier.chooseFile({ name, mimeType: "image/jpeg", buffer });
    await expect(classifier.notice).toContainText(says);
    await expect(page.getByText("Drop a photo here")).toBeVisible();
  }
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(classifier.notice).toHaveCount(0);
  await classifier.sees("A cat");
});

test("a drop without an image says so", async ({ classifier }) => {
  await classifier.open();
  await classifier.drop();
  await expect(classifier.notice).toContainText("no image in what you dropped");
});

/** What becomes of the weights; `path` is where they are. */
interface Fault {
  what: string;
  says: RegExp;
  answer: (route: Route, path: string) => Promise<void>;
}

const WEIGHT_FAULTS: Fault[] = [
  {
    what: "are not there",
    says: /The server answered 404/,
    answer: (route) => route.fulfill({ status: 404, body: "not found" }),
  },
  {
    what: "are a web page",
    says: /web page instead of weights/,
    answer: (route) => route.fulfill({ body: "<!doctype html>", contentType: "text/html" }),
  },
  {
    what: "are cut short",
    says: /bytes instead of|broke off/,
    answer: async (route, path) => {
      const whole = await readFile(path);
      await route.fulfill({ body: whole.subarray(0, 1 << 20) });
    },
  },
  {
    what: "were changed",
    says: /SHA-256 [0-9a-f]{64} instead of/,
    answer: async (route, path) => {
      const whole = await readFile(path);
      whole[whole.length - 1] = (whole[whole.length - 1] ?? 0) ^ 1;
      await route.fulfill({ body: whole });
    },
  },
  {
    what: "cannot be reached",
    says: /could not be reached/,
    answer: (route) => route.abort("connectionrefused"),
  },
];

test.describe("weights", () => {
  test.use({ network: SMALL });

  for (const { what, says, answer } of WEIGHT_FAULTS) {
    test(`that ${what} are refused, and loading again works`, async ({
      classifier,
      page,
      weights,
    }) => {
      const path = await weights.path(SMALL.fixture ?? "");
      await page.route("**/*.safetensors", (route) => answer(route, path));
      await classifier.open();
      await expect(classifier.notice).toContainText(says);
      await page.unroute("**/*.safetensors");
      await page.getByRole("button", { name: "Load again" }).click();
      await classifier.ready();
      await expect(classifier.notice).toHaveCount(0);
    });
  }
});

test("weights damaged in the cache are downloaded again", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  await page.evaluate(async () => {
    const [name] = await caches.keys();
    const cache = await caches.open(name as string);
    const [weights] = await cache.keys();
    await cache.put(weights as Request, new Response(new Uint8Array(1000)));
  });
  await classifier.open();
  await classifier.ready();
  await expect(classifier.notice).toHaveCount(0);
});

test("a download can be cancelled and started again", async ({ classifier, page }) => {
  await page.route("**/*.safetensors", () => {});
  await classifier.open();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText("No model is loaded.")).toBeVisible();
  await expect(classifier.notice).toHaveCount(0);
  await page.unroute("**/*.safetensors");
  await page.getByRole("button", { name: "Load again" }).click();
  await classifier.ready();
});

test("code that crashes is started again on the CPU with its model, and the photo is classified again", async ({
  classifier,
  page,
}) => {
  await prepareFaults(page);
  await classifier.openWithCat();
  await crashNext(page);
  await classifier.chooseSample("A cup of coffee");
  await expect(classifier.notice).toContainText("stopped unexpectedly");
  await expect(classifier.device).toHaveAttribute("data-reason", "crashed");
  await expect(classifier.device).toHaveAttribute("data-device", "cpu");
  await expect(classifier.result).toContainText("espresso");
});

test("after a crash nothing is downloaded again, even where the browser keeps nothing", async ({
  classifier,
  page,
}) => {
  await prepareFaults(page);
  await page.context().route("**/store-*.js", async (route) => {
    const response = await route.fetch();
    const body = `Object.defineProperty(self, "caches", {});\n${await response.text()}`;
    return route.fulfill({ response, body });
  });
  let downloads = 0;
  await page.context().route("**/*.safetensors", (route) => {
    downloads += 1;
    return downloads === 1 ? route.continue() : route.abort();
  });
  await classifier.openWithCat("?device=cpu");
  await crashNext(page);
  await classifier.sees("A cup of coffee");
  await expect(classifier.device).toHaveAttribute("data-reason", "crashed");
  expect(downloads).toBe(1);
});

test("code that keeps crashing is given up, and the page says so", async ({ classifier, page }) => {
  await page.addInitScript(() => {
    window.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        window.addEventListener("crash", () =>
          this.dispatchEvent(new MessageEvent("message", { data: { crashed: "it broke" } })),
        );
      }
    };
  });
  await classifier.open();
  await classifier.ready();
  // Each crash is told by every worker there was; only the one in use counts.
  for (let crashes = 0; crashes < 4; crashes += 1) {
    await page.evaluate(() => window.dispatchEvent(new Event("crash")));
  }
  await classifier.chooseSample("A cat");
  await expect(classifier.notice).toContainText("4 times (it broke). Reload the page.");
});

test("wasm that does not arrive is told, with what to do", async ({ classifier, page }) => {
  await page.context().route("**/*.wasm", (route) => route.fulfill({ status: 404, body: "" }));
  await classifier.open();
  await expect(classifier.notice.first()).toContainText(
    /could not be loaded.*404.*reload the page/,
  );
});
