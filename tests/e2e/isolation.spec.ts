import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Page } from "@playwright/test";
import { overflow, violations } from "./support/access";
import { type Change, StaticHost } from "./support/host";
import { SMALL } from "./support/networks";
import { test as base, expect, loadsOf, onHost as test } from "./support/page";
import { register, registered } from "./support/service-workers";

base.use({ serviceWorkers: "allow" });
test.use({ network: SMALL, serviceWorkers: "allow" });

const turnOn = (page: Page) => page.getByRole("button", { name: "Use all processors" });
const turnOff = (page: Page) => page.getByRole("button", { name: "Turn isolation off" });
const threads = (page: Page) => page.getByLabel("Threads");
const withMeta: Change = (html) => html.replace('content="button"', 'content="service-worker"');

/** How many service workers the page's origin has. */
function registrations(page: Page): Promise<number> {
  return page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
}

/** Whether the service worker was told to isolate the page. */
function isTurnedOn(page: Page): Promise<boolean> {
  return page.evaluate(async () =>
    (await caches.keys()).some((name) => name.startsWith("resnet-web-isolation:")),
  );
}

base.describe("on a server that sends the headers", () => {
  const test = base;

  test("the page is isolated, and there is nothing to turn on", async ({ classifier, page }) => {
    await classifier.openWithCat();
    expect(await classifier.isIsolated()).toBe(true);
    expect(await isTurnedOn(page)).toBe(false);
    await expect(turnOn(page)).toHaveCount(0);
    await expect(turnOff(page)).toHaveCount(0);
  });

  test.describe("with two processors or more", () => {
    test.skip(availableParallelism() < 2, "this machine has one");

    test("the CPU computes on several threads", async ({ classifier }) => {
      await classifier.open();
      await expect(classifier.device).toContainText(/CPU, \d+ threads/);
      await classifier.sees("A cat");
    });

    test("the number of threads can be chosen, and is remembered", async ({ classifier, page }) => {
      await classifier.open();
      await classifier.ready();
      await expect(threads(page)).toHaveValue("auto");
      await threads(page).selectOption("1");
      await expect(classifier.device).toContainText("CPU, 1 thread");
      await classifier.sees("A cat");

      await classifier.open();
      await expect(threads(page)).toHaveValue("1");
      await expect(classifier.device).toContainText("CPU, 1 thread");
      await threads(page).selectOption("2");
      await expect(classifier.device).toContainText("CPU, 2 threads");
      await classifier.sees("A cat");
    });

    test("the address has precedence over what is remembered", async ({ classifier, page }) => {
      await page.addInitScript(() => localStorage.setItem("resnet-web:threads", "1"));
      await classifier.open("?device=cpu&threads=2");
      await expect(threads(page)).toHaveValue("2");
      await expect(classifier.device).toContainText("CPU, 2 threads");
    });

    test("more threads than there can be are as many as there can be", async ({
      classifier,
      page,
    }) => {
      await classifier.open("?device=cpu&threads=999");
      await expect(classifier.device).toContainText(/CPU, \d+ threads/);
      const last = await threads(page).getByRole("option").last().textContent();
      await expect(threads(page)).toHaveValue(last ?? "");
      await classifier.sees("A cat");
    });

    test("the number can be chosen where the browser does not let the page store anything", async ({
      classifier,
      page,
    }) => {
      await page.addInitScript(() => {
        for (const storage of ["localStorage", "sessionStorage"]) {
          Object.defineProperty(window, storage, {
            get: () => {
              throw new DOMException("denied", "SecurityError");
            },
          });
        }
      });
      await classifier.open();
      await threads(page).selectOption("1");
      await expect(classifier.device).toContainText("CPU, 1 thread");
      await expect(classifier.notice).toHaveCount(0);
    });

    test("the number can be chosen by keyboard, and the focus stays there", async ({
      classifier,
      page,
    }) => {
      await classifier.open();
      await classifier.ready();
      await threads(page).focus();
      await page.keyboard.press("ArrowDown");
      await expect(threads(page)).toHaveValue("1");
      await expect(classifier.device).toContainText("CPU, 1 thread");
      await expect(threads(page)).toBeFocused();
    });

    test("a photo that is looked at meanwhile gets its result", async ({ classifier, page }) => {
      await classifier.open();
      await classifier.ready();
      await classifier.chooseSample("A cat");
      await threads(page).selectOption("1");
      await classifier.shows("A cat");
      await expect(classifier.device).toContainText("CPU, 1 thread");
      await expect(threads(page)).toBeEnabled();
      await expect(classifier.notice).toHaveCount(0);
    });
  });
});

test.describe("with the headers for security that docs/isolation.md names", () => {
  const [forPage, forWorkers] = [
    ...readFileSync("docs/isolation.md", "utf8").matchAll(/^ *Content-Security-Policy: (.*)$/gm),
  ].map(([, policy]) => policy ?? "");
  const send = (host: StaticHost) => {
    host.headersOf = (file) => {
      if (file === "index.html") return { "content-security-policy": forPage ?? "" };
      const isWorker = /^assets\/(worker|thread)-/.test(file);
      return isWorker ? { "content-security-policy": forWorkers ?? "" } : {};
    };
  };

  for (const isolates of [true, false]) {
    const threads = isolates ? "several threads" : "one thread";
    test(`everything works, on ${threads}, and without a network`, async ({
      classifier,
      host,
      page,
    }) => {
      host.isolates = isolates;
      send(host);
      await classifier.openWithCat();
      expect(await classifier.isIsolated()).toBe(isolates);
      await expect(classifier.device).not.toContainText("could not be started");
      await expect(page.getByText("works: page and weights are saved")).toBeVisible();
      host.close();
      await page.reload();
      await classifier.sees("A cat");
    });
  }

  test("no page of another origin embeds it", async ({ host, page }) => {
    send(host);
    const other = new StaticHost();
    other.change("index.html", () => `<!doctype html><iframe src="${host.address}"></iframe>`);
    await other.open();
    await page.goto(other.address);
    await expect
      .poll(() => page.frames().map((frame) => frame.url()))
      .toContainEqual(expect.stringMatching(/^chrome-error:/));
    other.close();
  });
});

test.describe("where threads do not start", () => {
  test.skip(availableParallelism() < 2, "this machine has one processor");

  /** Takes the script of the workers that threads run in away. */
  const breakThreads = (host: StaticHost) => {
    const script = readdirSync("dist/assets").find((name) => /^thread-.*\.js$/.test(name));
    if (!script) throw new Error("dist/assets has no script for threads");
    host.change(`assets/${script}`, () => 404);
  };

  test("there is one, and the page says so", async ({ classifier, host }) => {
    host.isolates = true;
    breakThreads(host);
    await classifier.open();
    await expect(classifier.device).toContainText("CPU, 1 thread");
    await expect(classifier.device).toContainText("could not be started");
    await classifier.sees("A cat");
  });

  test("the number before stays", async ({ classifier, host, page }) => {
    host.isolates = true;
    // Before the visit: what is there then, the service worker keeps for later ones.
    breakThreads(host);
    await classifier.open("?device=cpu&threads=1");
    await classifier.ready();
    await threads(page).selectOption("2");
    await expect(classifier.notice).toBeVisible();
    await expect(threads(page)).toHaveValue("1");
    await expect(classifier.device).toContainText("CPU, 1 thread");
    await classifier.sees("A cat");
  });
});

test.describe("on a host that cannot send the headers", () => {
  test("the page says so, works on one thread, and isolates nothing", async ({
    classifier,
    page,
  }) => {
    await classifier.open();
    await expect(classifier.device).toContainText("CPU, 1 thread");
    await expect(classifier.device).toContainText("need a cross-origin isolated page");
    await classifier.sees("A cat");
    expect(await classifier.isIsolated()).toBe(false);
    expect(await isTurnedOn(page)).toBe(false);
  });

  test("the button isolates the page for this visit and the next, until it is turned off", async ({
    classifier,
    page,
  }) => {
    const loads = loadsOf(page);
    await classifier.open();
    await turnOn(page).click();
    await expect(turnOff(page)).toBeVisible();
    expect(await classifier.isIsolated()).toBe(true);
    await expect(classifier.device).toContainText(/CPU, \d+ thread/);
    await expect(classifier.device).not.toContainText("need a cross-origin isolated page");
    await classifier.sees("A cat");
    expect(loads.count).toBe(2);
    // The address is the one that was opened: it can be kept and passed on.
    expect(new URL(page.url()).search).toBe("?device=cpu");

    await classifier.open();
    await expect(turnOff(page)).toBeVisible();
    expect(await classifier.isIsolated()).toBe(true);
    expect(loads.count).toBe(3);

    await turnOff(page).click();
    await expect(turnOn(page)).toBeVisible();
    expect(await classifier.isIsolated()).toBe(false);
    expect(await isTurnedOn(page)).toBe(false);
    expect(loads.count).toBe(4);
    await expect(classifier.notice).toHaveCount(0);
    await classifier.sees("A cat");
  });

  test("with the meta element the page is isolated for all visitors, until one turns it off", async ({
    classifier,
    host,
    page,
  }) => {
    host.change("index.html", withMeta);
    const loads = loadsOf(page);
    await classifier.open();
    await expect(turnOff(page)).toBeVisible();
    expect(await classifier.isIsolated()).toBe(true);
    await classifier.sees("A cat");
    expect(loads.count).toBe(2);

    await turnOff(page).click();
    await expect(turnOn(page)).toBeVisible();
    await classifier.open();
    await expect(turnOn(page)).toBeVisible();
    expect(await classifier.isIsolated()).toBe(false);
    expect(loads.count).toBe(4);

    await turnOn(page).click();
    await expect(turnOff(page)).toBeVisible();
    expect(await classifier.isIsolated()).toBe(true);
  });

  test("with the meta element no photo is lost: the next visit is isolated", async ({
    classifier,
    host,
    page,
  }) => {
    host.change("index.html", withMeta);
    let go = () => {};
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    host.change("service-worker.js", async (script) => {
      await gone;
      return script;
    });
    const loads = loadsOf(page);
    await classifier.open();
    await classifier.chooseSample("A cat");
    go();
    await classifier.shows("A cat");
    await expect.poll(() => isTurnedOn(page)).toBe(true);
    expect(await classifier.isIsolated()).toBe(false);
    await classifier.open();
    await expect(turnOff(page)).toBeVisible();
    expect(await classifier.isIsolated()).toBe(true);
    expect(loads.count).toBe(2);
  });

  test("the page is isolated although it cannot be kept", async ({ classifier, host, page }) => {
    host.change("photos/coffee.png", () => 404);
    await classifier.open();
    await turnOn(page).click();
    await expect(turnOff(page)).toBeVisible();
    expect(await classifier.isIsolated()).toBe(true);
    await classifier.sees("A cat");
  });

  test("?isolation=off turns it off, whatever the meta element says", async ({
    classifier,
    host,
    page,
  }) => {
    host.change("index.html", withMeta);
    await classifier.open();
    await expect(turnOff(page)).toBeVisible();
    await classifier.open("?device=cpu&isolation=off");
    await expect.poll(() => isTurnedOn(page)).toBe(false);
    expect(await classifier.isIsolated()).toBe(false);
    await classifier.sees("A cat");
    await expect(turnOn(page)).toHaveCount(0);
    await expect(turnOff(page)).toHaveCount(0);
    expect(await isTurnedOn(page)).toBe(false);
  });

  test("a service worker that is told to go goes", async ({ classifier, page }) => {
    await classifier.open();
    await turnOn(page).click();
    await expect(turnOff(page)).toBeVisible();
    await page.evaluate(() => navigator.serviceWorker.controller?.postMessage("unregister"));
    // It may be registered again by then, to keep the page: but isolates nothing.
    await expect.poll(() => isTurnedOn(page)).toBe(false);
    await classifier.open();
    await expect(turnOn(page)).toBeVisible();
  });

  test("a script in its place that unregisters itself ends it", async ({
    classifier,
    host,
    page,
  }) => {
    await classifier.open();
    await turnOn(page).click();
    await expect(turnOff(page)).toBeVisible();
    host.change(
      "service-worker.js",
      () => `self.addEventListener("install", () => self.skipWaiting());
        self.addEventListener("activate", () => self.registration.unregister());`,
    );
    await classifier.open();
    await expect.poll(() => registrations(page)).toBe(0);
    await classifier.open();
    await expect(turnOn(page)).toBeVisible();
    expect(await classifier.isIsolated()).toBe(false);
  });

  test("another service worker of the site's stays, and is not replaced", async ({
    classifier,
    host,
    page,
  }) => {
    host.change("index.html", withMeta);
    host.change("own.js", () => "self.addEventListener('fetch', () => {});");
    await classifier.open("?device=cpu&offline=off");
    await register(page, "own.js");
    await classifier.openWithCat();
    await expect(turnOn(page)).toHaveCount(0);
    expect(await registered(page)).toEqual(["own.js"]);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe finds nothing in the ${colorScheme} page with its offers`, async ({
      classifier,
      page,
    }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width: 375, height: 812 });
      await classifier.open();
      // A phone has the photo at its top, and the choices behind a summary.
      const choices = page.getByText("Self-check and choices");
      await choices.click();
      await expect(turnOn(page)).toBeVisible();
      expect(await violations(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      await turnOn(page).click();
      await expect(page.locator(".device-more:not([open])")).toBeVisible();
      await choices.click();
      await expect(turnOff(page)).toBeVisible();
      expect(await violations(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
    });
  }
});

const TAKES_OVER = "self.addEventListener('install', () => self.skipWaiting());";

const BROKEN: { what: string; change: Change; loads: number; says: RegExp }[] = [
  {
    what: "adds nothing",
    change: () => `${TAKES_OVER} self.addEventListener("fetch", () => {});`,
    loads: 2,
    says: /this browser does not isolate it/,
  },
  {
    what: "adds headers that isolate nothing",
    change: (script) => script.replaceAll("require-corp", "unsafe-none"),
    loads: 2,
    says: /this browser does not isolate it/,
  },
  {
    what: "is not there",
    change: () => 404,
    loads: 1,
    says: /could not be isolated: .*404/,
  },
  {
    what: "is a web page",
    change: () => "<!doctype html>",
    loads: 1,
    says: /could not be isolated/,
  },
  {
    what: "fails to install",
    change: () => "self.addEventListener('install', (e) => e.waitUntil(Promise.reject()));",
    loads: 1,
    says: /could not be isolated: .*fails to install/,
  },
];

const WAYS = { button: undefined, meta: withMeta };

for (const [way, meta] of Object.entries(WAYS)) {
  for (const { what, change, loads: expected, says } of BROKEN) {
    test(`a service worker that ${what} leaves the page as it was, by way of the ${way}`, async ({
      classifier,
      host,
      page,
    }) => {
      host.change("service-worker.js", change);
      if (meta) host.change("index.html", meta);
      const loads = loadsOf(page);
      await classifier.open();
      if (!meta) await turnOn(page).click();
      await expect(classifier.notice).toContainText(says);
      await classifier.sees("A cat");
      expect(await classifier.isIsolated()).toBe(false);
      expect(await isTurnedOn(page)).toBe(false);
      await expect(turnOn(page)).toHaveCount(0);
      expect(loads.count).toBe(expected);

      // It is not tried again in this tab.
      await classifier.open();
      await classifier.ready();
      await expect(turnOn(page)).toHaveCount(0);
      await expect(classifier.notice).toHaveCount(0);
      expect(await isTurnedOn(page)).toBe(false);
      expect(loads.count).toBe(expected + 1);
    });
  }
}

test("without storage for the mark the page is not reloaded", async ({ classifier, page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "sessionStorage", { value: undefined });
  });
  const loads = loadsOf(page);
  await classifier.open();
  await turnOn(page).click();
  await expect(classifier.notice).toContainText("does not let the page store anything");
  expect(await isTurnedOn(page)).toBe(false);
  expect(loads.count).toBe(1);
});
