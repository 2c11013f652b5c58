import { readdir } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { overflow, violations } from "./support/access";
import { chromium, WEBGPU } from "./support/browser";
import { SMALL } from "./support/networks";
import { type ClassifierPage, expect, loadsOf, onHost as test } from "./support/page";
import { register, registered } from "./support/service-workers";
import { NEXT, publish, titled } from "./support/versions";

// A server that is closed is as far away as one can be: also for the service worker, and for workers.
test.use({ network: SMALL, serviceWorkers: "allow", ...chromium(WEBGPU) });

/** What the page says of visits without a network. */
const offline = (page: Page) =>
  page.getByLabel("What is running").locator("div", { hasText: "Offline" });
const update = (page: Page) => page.getByRole("status").filter({ hasText: "new version" });

/** The addresses in the caches whose names begin like this, without what their keys add. */
function kept(page: Page, name: string): Promise<string[]> {
  return page.evaluate(async (name) => {
    const names = (await caches.keys()).filter((one) => one.startsWith(name));
    const keys = await Promise.all(names.map(async (one) => (await caches.open(one)).keys()));
    return keys.flat().map(({ url }) => url.replace(/\?.*/, ""));
  }, name);
}

/** A visit after which everything is kept. */
async function visit(classifier: ClassifierPage, query = "?device=cpu") {
  await classifier.open(query);
  await classifier.ready();
  await expect(offline(classifier.page)).toContainText("works: page and weights are saved");
}

test.describe("after the first visit", () => {
  for (const isolates of [true, false]) {
    const host = isolates ? "that isolates the page" : "that cannot isolate it";
    test(`everything works without the server, one ${host}`, async ({ classifier, host, page }) => {
      host.isolates = isolates;
      await visit(classifier);
      host.close();
      await page.reload();
      await classifier.ready();
      await classifier.sees("A cat");
      // This sample was not classified before.
      await classifier.sees("A cup of coffee");
      expect(await classifier.isIsolated()).toBe(isolates);
      await expect(classifier.notice).toHaveCount(0);
      await expect(offline(page)).toContainText("works: page and weights are saved");
    });
  }

  test("another address of the page and another device, with code of its own, work as well", async ({
    classifier,
    host,
  }) => {
    await visit(classifier);
    host.close();
    await classifier.open("index.html?device=webgpu&top=3#result");
    await classifier.ready();
    await expect(classifier.device).toHaveAttribute("data-device", "webgpu");
    await classifier.sees("A cat");
  });

  test("a page that the service worker isolates stays isolated", async ({
    classifier,
    host,
    page,
  }) => {
    await classifier.open();
    await page.getByRole("button", { name: "Use all processors" }).click();
    await expect(page.getByRole("button", { name: "Turn isolation off" })).toBeVisible();
    await classifier.ready();
    await expect(offline(page)).toContainText("works: page and weights are saved");
    host.close();
    await page.reload();
    await classifier.ready();
    expect(await classifier.isIsolated()).toBe(true);
    await classifier.sees("A cat");
    await page.getByRole("button", { name: "Turn isolation off" }).click();
    await expect(page.getByRole("button", { name: "Use all processors" })).toBeVisible();
    expect(await classifier.isIsolated()).toBe(false);
    await classifier.sees("A cat");
  });

  test("the page says when its weights are not kept", async ({ classifier, host, page }) => {
    await visit(classifier);
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await expect(offline(page)).toContainText("page only: these weights are not saved");
    host.close();
    await page.reload();
    await expect(classifier.notice).toContainText("could not be reached");
    await host.open();
    await page.getByRole("button", { name: "Load again" }).click();
    await classifier.ready();
  });

  test("each file is kept once: weights by the worker, all others by the service worker", async ({
    classifier,
    page,
  }) => {
    await visit(classifier);
    const files = await kept(page, "resnet-web-page:");
    expect(files.filter((file) => file.includes("weights/"))).toEqual([]);
    const modules = (await readdir("dist/assets")).filter((file) => file.endsWith(".wasm"));
    expect(files.filter((file) => file.endsWith(".wasm"))).toHaveLength(modules.length);
    expect(new Set(files).size).toBe(files.length);
    expect(await kept(page, "resnet-web-weights")).toContainEqual(
      expect.stringMatching(/^https:\/\/weights\.invalid\/sha256\/[0-9a-f]{64}$/),
    );
  });
});

test.describe("a new version", () => {
  test("is offered, and nothing reloads until the person agrees: then all tabs do", async ({
    classifier,
    context,
    host,
    page,
  }) => {
    await visit(classifier);
    const other = await context.newPage();
    await other.goto(page.url());
    await expect(offline(other)).toContainText("works");
    const loads = [loadsOf(page), loadsOf(other)];
    await classifier.sees("A cat");

    publish(host);
    await other.reload();
    await expect(update(other)).toBeVisible();
    await expect(update(page)).toBeVisible();
    // A visit still gets the version before.
    await expect(other).not.toHaveTitle(NEXT);
    await classifier.shows("A cat");
    expect(loads.map(({ count }) => count)).toEqual([0, 1]);

    await page.getByRole("button", { name: "Update now" }).click();
    await expect(page).toHaveTitle(NEXT);
    await expect(other).toHaveTitle(NEXT);
    await classifier.ready();
    await expect(offline(page)).toContainText("works");
    await expect(update(page)).toHaveCount(0);
    expect(loads.map(({ count }) => count)).toEqual([1, 2]);

    host.close();
    await page.reload();
    await expect(page).toHaveTitle(NEXT);
    await classifier.sees("A cat");
  });

  test("is put off, and offered again at the next visit; one that is newer still as well", async ({
    classifier,
    host,
    page,
  }) => {
    await visit(classifier);
    publish(host);
    await page.reload();
    const loads = loadsOf(page);
    await page.getByRole("button", { name: "Later" }).click();
    await expect(update(page)).toHaveCount(0);
    await classifier.sees("A cat");
    expect(loads.count).toBe(0);

    await page.reload();
    await expect(update(page)).toBeVisible();
    await expect(page).not.toHaveTitle(NEXT);
    await page.getByRole("button", { name: "Later" }).click();
    publish(host, "the one after it");
    await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
    await expect(update(page)).toBeVisible();
    await page.getByRole("button", { name: "Update now" }).click();
    await expect(page).toHaveTitle("the one after it");
  });

  for (const [what, change] of [
    ["is missing", () => 404],
    ["is still that of the one before", (html: string) => html],
  ] as const) {
    test(`of which a file ${what} is not offered, and the one before goes on`, async ({
      classifier,
      host,
      page,
    }) => {
      await visit(classifier);
      publish(host);
      host.change("index.html", change);
      await page.reload();
      await classifier.ready();
      const failed = await page.evaluate(async () => {
        const registration = await navigator.serviceWorker.ready;
        const next = new Promise<ServiceWorker | null>((resolve) => {
          registration.addEventListener("updatefound", () => resolve(registration.installing));
        });
        await registration.update();
        const worker = registration.installing ?? (await next);
        return new Promise<string>((resolve) => {
          const look = () =>
            worker && /installed|redundant/.test(worker.state) && resolve(worker.state);
          worker?.addEventListener("statechange", look);
          look();
        });
      });
      expect(failed).toBe("redundant");
      await expect(update(page)).toHaveCount(0);
      host.close();
      await page.reload();
      await classifier.sees("A cat");
    });
  }

  test("takes over by itself from one whose script fails at the start", async ({
    classifier,
    host,
    page,
  }) => {
    // As if its script had begun to fail after the page was kept.
    await page.addInitScript(() => {
      if (!sessionStorage.getItem("fails")) return;
      Object.defineProperty(document, "getElementById", {
        value: () => {
          throw new Error("at the start");
        },
      });
    });
    await visit(classifier);
    await page.evaluate(() => sessionStorage.setItem("fails", "yes"));
    publish(host);
    await page.reload();
    await expect(page.locator("#app")).toBeEmpty();
    await expect(async () => {
      await page.reload();
      await expect(page).toHaveTitle(NEXT, { timeout: 1_000 });
    }).toPass();
    await page.evaluate(() => sessionStorage.removeItem("fails"));
    await page.reload();
    await classifier.sees("A cat");
    await expect(update(page)).toHaveCount(0);
  });

  test("takes over by itself from one that could not keep its page", async ({
    classifier,
    host,
    page,
  }) => {
    host.change("index.html", (html) => titled(html, "not the one that is listed"));
    await classifier.open();
    await expect(offline(page)).toContainText("does not work: the page could not be saved");
    publish(host);
    const loads = loadsOf(page);
    await page.reload();
    await expect(page).toHaveTitle(NEXT);
    await expect(offline(page)).toContainText("works: page and weights are saved");
    await expect(update(page)).toHaveCount(0);
    expect(loads.count).toBe(1);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe finds nothing in the ${colorScheme} notice`, async ({ classifier, host, page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width: 375, height: 812 });
      await visit(classifier);
      publish(host);
      await page.reload();
      await expect(update(page)).toBeVisible();
      expect(await violations(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
    });
  }
});

test("a file that cannot be kept leaves the page as it was, and the next visit keeps it", async ({
  classifier,
  host,
  page,
}) => {
  host.change("photos/coffee.png", () => 404);
  await classifier.open();
  await expect(offline(page)).toContainText("does not work: the page could not be saved");
  await classifier.sees("A cat");
  await expect(classifier.notice).toHaveCount(0);
  // A page that is not kept whole comes from the server, in whatever version that has.
  host.change("index.html", (html) => titled(html, NEXT));
  await page.reload();
  await expect(page).toHaveTitle(NEXT);

  host.restore("index.html");
  host.restore("photos/coffee.png");
  await visit(classifier);
  host.close();
  await page.reload();
  await classifier.sees("A cup of coffee");
});

test.describe("there is none of it", () => {
  /** Nothing is registered, and the page works. */
  async function isWithout(classifier: ClassifierPage) {
    const { page } = classifier;
    await classifier.sees("A cat");
    await expect(offline(page)).toHaveCount(0);
    await expect(classifier.notice).toHaveCount(0);
  }

  test("with ?offline=off, which removes what was there", async ({ classifier, host, page }) => {
    await visit(classifier);
    // Whatever is wrong with the page that is kept, this one comes from the server.
    publish(host);
    await classifier.open("?device=cpu&offline=off");
    await expect(page).toHaveTitle(NEXT);
    await expect.poll(() => registered(page)).toEqual([]);
    await expect.poll(() => kept(page, "resnet-web-page:")).toEqual([]);
    await isWithout(classifier);
    await expect(page.getByRole("button", { name: "Use all processors" })).toHaveCount(0);
    await page.reload();
    await isWithout(classifier);
    expect(await registered(page)).toEqual([]);
  });

  test("after the service worker was told to go", async ({ classifier, page }) => {
    await visit(classifier);
    await page.evaluate(() => navigator.serviceWorker.controller?.postMessage("unregister"));
    await expect.poll(() => registered(page)).toEqual([]);
    await expect.poll(() => kept(page, "resnet-web-page:")).toEqual([]);
  });

  test("where the script is not there", async ({ classifier, host }) => {
    const asked = new Promise<void>((resolve) => {
      host.change("service-worker.js", () => {
        resolve();
        return 404;
      });
    });
    await classifier.open();
    await asked;
    await isWithout(classifier);
  });

  test("where the site has another service worker for the page", async ({
    classifier,
    host,
    page,
  }) => {
    host.change("own.js", () => "self.addEventListener('fetch', () => {});");
    await classifier.open("?device=cpu&offline=off");
    await register(page, "own.js");
    await classifier.open();
    await isWithout(classifier);
    expect(await registered(page)).toEqual(["own.js"]);
  });
});

test("the service worker that earlier versions had makes room for this one", async ({
  classifier,
  host,
  page,
}) => {
  host.change("isolation-worker.js", () => "self.addEventListener('fetch', () => {});");
  await classifier.open("?device=cpu&offline=off");
  await register(page, "isolation-worker.js");
  host.restore("isolation-worker.js");
  await classifier.open();
  // It goes by itself; whether this visit or the next one has the other is a matter of moments.
  await expect.poll(() => registered(page)).not.toContain("isolation-worker.js");
  await visit(classifier);
});

test("the page can be installed", async ({ classifier, host, page }) => {
  await visit(classifier);
  const session = await page.context().newCDPSession(page);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  // Tests run in a window that keeps nothing, from which nothing is installed.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
  const { errors, data, url } = await session.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  // Another copy of the page on the same host is another app.
  expect(await session.send("Page.getAppId")).toMatchObject({ appId: host.address });
  const manifest = JSON.parse(data ?? "");
  expect(manifest).toMatchObject({ display: "standalone", start_url: "./", scope: "./" });
  for (const { src, sizes, type } of manifest.icons) {
    await test.step(src, async () => {
      const size = await page.evaluate(async (address) => {
        const image = new Image();
        image.src = address;
        await image.decode();
        return `${image.naturalWidth}x${image.naturalHeight}`;
      }, new URL(src, url).href);
      if (type === "image/png") expect(size).toBe(sizes);
    });
  }
});
