import {
  type BrowserContext,
  test as base,
  expect,
  type Locator,
  type Page,
} from "@playwright/test";
import { type GivenFile, give } from "./files";
import { StaticHost } from "./host";
import { type Network, RESNET_50, type Sample } from "./networks";
import { type WeightFiles, weightFiles } from "./weight-files";

/** A file that is chosen in a dialog: its path, or its content. */
type ChosenFile = string | GivenFile;

/** The page under test, in a person's terms. */
export class ClassifierPage {
  constructor(
    readonly page: Page,
    readonly network: Network,
  ) {}

  get result(): Locator {
    return this.page.locator("#result");
  }

  /** The most probable class with its probability. */
  get first(): Locator {
    return this.result.getByRole("listitem").first();
  }

  get device(): Locator {
    return this.page.locator("[data-device]");
  }

  get notice(): Locator {
    return this.page.getByRole("alert");
  }

  get model(): Locator {
    return this.page.locator("section.model");
  }

  /** The heading of the model's card, where that is this model. */
  named(model: string): Locator {
    return this.page.getByRole("heading", { name: model, exact: true });
  }

  /** The button that starts or stops the camera. */
  get camera(): Locator {
    return this.page.getByRole("button", { name: /(Use|Stop) the camera/ });
  }

  /** Opens the page, on the CPU if `query` does not say otherwise. */
  async open(query = "?device=cpu"): Promise<void> {
    await this.page.goto(`./${query}`);
  }

  /** Waits until the model is there. */
  async ready(): Promise<void> {
    await expect(this.named(this.network.name)).toBeVisible();
  }

  async chooseSample(sample: Sample): Promise<void> {
    await this.page.getByRole("button", { name: sample }).click();
  }

  /** Chooses a sample, and waits for its right result. */
  async sees(sample: Sample): Promise<void> {
    await this.chooseSample(sample);
    await this.shows(sample);
  }

  /** Waits for a sample's right result. */
  async shows(sample: Sample): Promise<void> {
    await expect(this.first).toContainText(this.network.answers[sample]);
  }

  /** Opens the page, and waits for the result for the cat. */
  async openWithCat(query?: string): Promise<void> {
    await this.open(query);
    await this.sees("A cat");
  }

  /** Chooses photos. */
  async chooseFile(...files: ChosenFile[]): Promise<void> {
    const dialog = this.page.locator(".source input[type=file]").first();
    await dialog.setInputFiles(files as string[]);
  }

  /** Chooses weights, or what describes them. */
  async chooseWeights(...files: ChosenFile[]): Promise<void> {
    await this.page.locator(".model-actions input[type=file]").setInputFiles(files as string[]);
  }

  /** Drops files on the page. */
  async drop(...files: GivenFile[]): Promise<void> {
    await give(this.page, "drop", files);
  }

  /** Pastes files into the page. */
  async paste(...files: GivenFile[]): Promise<void> {
    await give(this.page, "paste", files);
  }

  /** The most probable class and its probability in percent, when there is one. */
  async topResult(): Promise<{ label: string; percent: number }> {
    await expect(this.first).toBeVisible();
    const [label, value] = await Promise.all([
      this.first.locator(".bar-label").textContent(),
      this.first.locator(".bar-value").innerText(),
    ]);
    return { label: label ?? "", percent: Number.parseFloat(value) };
  }

  /** Whether the page is cross-origin isolated. */
  isIsolated(): Promise<boolean> {
    return this.page.evaluate(() => crossOriginIsolated);
  }
}

/** Counts how often a page is loaded from now on. */
export function loadsOf(page: Page): { count: number } {
  const loads = { count: 0 };
  page.on("domcontentloaded", () => {
    loads.count += 1;
  });
  return loads;
}

interface Options {
  /** Whether a test fails if the page asks another origin for anything. */
  ownOriginOnly: boolean;
  /** What the page loads for the default weights. */
  network: Network;
}

interface Fixtures {
  classifier: ClassifierPage;
  /** Serves the network in place of the default weights. */
  defaultWeights: undefined;
}

interface WorkerFixtures {
  weights: WeightFiles;
}

/** A test with the page at hand, which fails if anything leaves the page's own origin or breaks its security policy. */
export const test = base.extend<Options & Fixtures, WorkerFixtures>({
  ownOriginOnly: [true, { option: true }],
  network: [RESNET_50, { option: true }],
  weights: weightFiles,
  defaultWeights: [
    async ({ context, network, weights }, use) => {
      if (network.fixture) await replaceDefaultWeights(context, weights, network.fixture);
      await use(undefined);
    },
    { auto: true },
  ],
  classifier: async ({ page, baseURL, network, ownOriginOnly }, use) => {
    const own = new URL(baseURL ?? "").origin;
    const foreign: string[] = [];
    page.on("request", (request) => {
      const url = new URL(request.url());
      const local = url.protocol === "blob:" || url.protocol === "data:";
      if (ownOriginOnly && !local && url.origin !== own) foreign.push(request.url());
    });
    const refused: string[] = [];
    page.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) refused.push(message.text());
    });
    await use(new ClassifierPage(page, network));
    expect(refused, "what the page's security policy refused").toEqual([]);
    expect(foreign, "requests that leave the page's own origin").toEqual([]);
  },
});

/** The same on a static host of its own. */
export const onHost = test.extend<{ host: StaticHost }>({
  host: async ({ network, weights }, use) => {
    const host = new StaticHost();
    if (network.fixture) await weights.serve(host, network.fixture);
    await host.open();
    await use(host);
    host.close();
  },
  // The host itself has them: a route would still answer when the host is closed.
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs off the pattern.
  defaultWeights: async ({}, use) => use(undefined),
  baseURL: async ({ host }, use) => use(host.address),
});

/** Serves a fixture in place of the default weights. */
async function replaceDefaultWeights(context: BrowserContext, weights: WeightFiles, file: string) {
  const { manifest, path } = await weights.asDefault(file);
  await context.route("**/weights/manifest.json", (route) => route.fulfill({ body: manifest }));
  await context.route("**/weights/fixture.safetensors", (route) => route.fulfill({ path }));
}

export { expect };
