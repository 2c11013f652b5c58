import { readFile } from "node:fs/promises";
import { test as base, expect, type Locator, type Page } from "@playwright/test";
import { StaticHost } from "./host";

/** The page under test, in a person's terms. */
export class ClassifierPage {
  constructor(readonly page: Page) {}

  get result(): Locator {
    return this.page.getByRole("region", { name: "Result" });
  }

  get device(): Locator {
    return this.page.locator("[data-device]");
  }

  get notice(): Locator {
    return this.page.getByRole("alert");
  }

  /** Opens the page; `query` as `?device=cpu`. */
  async open(query = ""): Promise<void> {
    await this.page.goto(`./${query}`);
  }

  /** Waits until the model is there. */
  async ready(): Promise<void> {
    await expect(this.page.getByRole("heading", { name: "ResNet-50" })).toBeVisible();
  }

  async chooseSample(label: "A cat" | "A cup of coffee"): Promise<void> {
    await this.page.getByRole("button", { name: label }).click();
  }

  async chooseFile(file: string | { name: string; mimeType: string; buffer: Buffer }) {
    await this.page.locator(".source input[type=file]").first().setInputFiles(file);
  }

  /** The most probable class and its probability in percent, when there is one. */
  async topResult(): Promise<{ label: string; percent: number }> {
    const first = this.result.getByRole("listitem").first();
    await expect(first).toBeVisible();
    const [label, value] = await Promise.all([
      first.locator(".bar-label").textContent(),
      first.locator(".bar-value").innerText(),
    ]);
    return { label: label ?? "", percent: Number.parseFloat(value) };
  }
}

/** A test with the page at hand, which fails if anything leaves the page's own origin or breaks its security policy. */
export const test = base.extend<{ classifier: ClassifierPage }>({
  classifier: async ({ page, baseURL }, use) => {
    const own = new URL(baseURL ?? "").origin;
    const strangers: string[] = [];
    page.on("request", (request) => {
      const url = new URL(request.url());
      const local = url.protocol === "blob:" || url.protocol === "data:";
      if (!local && url.origin !== own) strangers.push(request.url());
    });
    const refused: string[] = [];
    page.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) refused.push(message.text());
    });
    await use(new ClassifierPage(page));
    expect(refused, "what the page's security policy refused").toEqual([]);
    expect(strangers, "requests that leave the page's own origin").toEqual([]);
  },
});

/** The same on a static host of its own. */
export const onHost = test.extend<{ host: StaticHost }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs off the pattern.
  host: async ({}, use) => {
    const host = new StaticHost();
    await host.open();
    await use(host);
    host.close();
  },
  baseURL: async ({ host }, use) => use(host.address),
});

/** A fixture picture as a file to be chosen, under another name if one is given. */
export async function picture(file: string, name = file) {
  const buffer = await readFile(`tests/fixtures/images/${file}`);
  const mimeType = name.endsWith("png") ? "image/png" : "image/jpeg";
  return { name, mimeType, buffer };
}

export { expect };
