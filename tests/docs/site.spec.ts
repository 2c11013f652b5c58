import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { test as base, expect } from "@playwright/test";
import { overflow, violations } from "../e2e/support/access";
import { Host } from "./support/host";

// Where the test step builds it, and for which place on a server (tools/lib/test-steps.mjs).
const SITE = "target/docs-site";
const BASE = "/some/docs/";

/** The built site below a path, on a server that sends no headers and knows nothing but files. */
const test = base.extend<{ site: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs off the pattern.
  site: async ({}, use) => {
    const host = new Host((pathname) => {
      if (!pathname.startsWith(BASE)) return undefined;
      const file = pathname.slice(BASE.length);
      return { path: path.join(SITE, /(^|\/)$/.test(file) ? `${file}index.html` : file) };
    });
    await host.open();
    await use(`${host.origin}${BASE}`);
    host.close();
  },
});

const PAGES = {
  "the first page": "index.html",
  "a tutorial": "tutorials/first-page.html",
  "a page with a table": "reference/weight-formats.html",
  "the API": "reference/api/resnet-web/element.html",
  "error codes": "reference/errors.html",
  "the page that embeds the live one": "live-page.html",
};

/** Each width and each colour scheme once: axe takes seconds. */
const LOOKS = [
  { width: 375, colorScheme: "light" },
  { width: 1440, colorScheme: "dark" },
] as const;

for (const [name, address] of Object.entries(PAGES)) {
  test(`${name} is accessible and fits, on a telephone in light and a desk in dark`, async ({
    page,
    site,
  }) => {
    const found: string[] = [];
    page.on("response", (answer) => {
      if (answer.status() >= 400) found.push(`${answer.status()}: ${answer.url()}`);
    });
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.goto(site + address);
    for (const { width, colorScheme } of LOOKS) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await expect(page.locator("html")).toHaveClass(
        colorScheme === "dark" ? /dark/ : /^((?!dark).)*$/,
      );
      const where = `${width} px, ${colorScheme}`;
      found.push(...(await violations(page)).map((violation) => `${where}: ${violation}`));
      if ((await overflow(page)) > 0) found.push(`${where}: it is too wide`);
    }
    expect(found).toEqual([]);
  });
}

test("the search finds a page without a server's help", async ({ page, site }) => {
  await page.goto(site);
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("searchbox").fill("AbortSignal");
  await page
    .getByRole("option", { name: /Cancel work/ })
    .first()
    .click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Cancel work");
});

test("every page that the sidebar names is there", async ({ page, site }) => {
  await page.goto(`${site}tutorials/first-page.html`);
  const links = page.locator(".VPSidebar a");
  const addresses = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  const files = addresses.map((address) =>
    String(address)
      .replace(BASE, "")
      .replace(/\/$|^$/, "/index.html"),
  );
  expect(files.filter((file) => !existsSync(path.join(SITE, file)))).toEqual([]);
  expect(files.length).toBeGreaterThan(30);
});

test("every error code has a section with an address of its own", async () => {
  const codes = [
    ...(await readFile("www/protocol/error-guide.ts", "utf8")).matchAll(/^ {2}"?([a-z-]+)"?: \{/gm),
  ];
  const html = await readFile(path.join(SITE, "reference/errors.html"), "utf8");
  expect(codes.length).toBeGreaterThan(20);
  expect(codes.map(([, code]) => code).filter((code) => !html.includes(`id="${code}"`))).toEqual(
    [],
  );
});

test("the command line's reference has the help of every command", async () => {
  const html = await readFile(path.join(SITE, "reference/command-line.html"), "utf8");
  const commands = ["classify", "summary", "serve", "site"];
  expect(commands.filter((command) => !html.includes(`<h2 id="${command}"`))).toEqual([]);
});

test("llms.txt names every page, and llms-full.txt has their text", async () => {
  const list = await readFile(path.join(SITE, "llms.txt"), "utf8");
  const whole = await readFile(path.join(SITE, "llms-full.txt"), "utf8");
  const howTo = (await readdir("docs/how-to")).map((file) => `/how-to/${file}`);
  expect(howTo.filter((file) => !list.includes(file))).toEqual([]);
  expect(whole).toContain("classifyStream");
});

test("the live page runs in its frame, on one thread", async ({ page, site }) => {
  await page.goto(`${site}live-page.html`);
  await page.getByRole("button", { name: "Start the page here" }).click();
  const live = page.frameLocator("iframe");
  await live.getByRole("button", { name: "A cat" }).click();
  await expect(live.locator("#result").getByRole("listitem").first()).toContainText("Egyptian cat");
  await expect(live.locator("[data-device]")).toContainText("1 thread");
});
