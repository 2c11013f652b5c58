import { overflow, violations } from "./support/access";
import { type ClassifierPage, expect, test } from "./support/page";

const SAMPLES = ["chelsea", "coffee"].map((name) => `www/public/photos/${name}.png`);

/** Every state but the camera's (camera.spec.ts). */
const STATES: Record<string, (classifier: ClassifierPage) => Promise<unknown>> = {
  "without a photo": (classifier) => classifier.ready(),
  "while the weights load": async ({ page }) => {
    await page.route("**/*.safetensors", () => {});
    await page.reload();
    await expect(page.getByRole("button", { name: "Cancel" })).toBeVisible();
  },
  "with a result": withCat,
  "with all that a result offers": async (classifier) => {
    await withCat(classifier);
    await classifier.page.getByText("Show more or fewer, search all").click();
    await classifier.page.getByRole("searchbox", { name: "Search" }).fill("cat");
    await expect(classifier.page.locator(".found tbody tr").first()).toBeVisible();
  },
  "with the evidence for a class": async (classifier) => {
    await withCat(classifier);
    await classifier.page
      .getByRole("button", { name: /^Where/ })
      .first()
      .click();
    await expect(classifier.page.locator(".heat")).toBeVisible();
  },
  "with a look into a layer": async (classifier) => {
    await withCat(classifier);
    await classifier.page.getByRole("combobox", { name: "Layer" }).selectOption({ index: 5 });
    await expect(classifier.page.locator(".map-grid canvas").first()).toBeVisible();
  },
  "with every layer open": async (classifier) => {
    await classifier.ready();
    await classifier.page.getByRole("button", { name: "Expand all" }).click();
  },
  "with a gallery": async (classifier) => {
    await classifier.chooseFile(...SAMPLES);
    await expect(classifier.page.getByText("2 of 2 processed.")).toBeVisible();
  },
  "with a comparison": async (classifier) => {
    await withCat(classifier);
    await classifier.page.getByRole("button", { name: "With 8-bit arithmetic" }).click();
    await expect(classifier.page.getByText("Both rank the same class")).toBeVisible();
  },
  "with an error": async (classifier) => {
    await classifier.ready();
    await classifier.chooseFile({
      name: "a.jpg",
      mimeType: "image/jpeg",
      buffer: Buffer.from("text"),
    });
    await expect(classifier.notice).toBeVisible();
  },
};

async function withCat(classifier: ClassifierPage) {
  await classifier.sees("A cat");
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const [state, reach] of Object.entries(STATES)) {
    test(`axe finds nothing in the ${colorScheme} page ${state}`, async ({ classifier, page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await classifier.open();
      await reach(classifier);
      expect(await violations(page)).toEqual([]);
    });
  }
}

for (const width of [375, 1440, 2560]) {
  test(`nothing sticks out of a window ${width} pixels wide`, async ({ classifier, page }) => {
    await page.setViewportSize({ width, height: 812 });
    await classifier.openWithCat();
    await page.getByRole("button", { name: "Expand all" }).click();
    expect(await overflow(page)).toBe(0);
  });
}

test("everything works by keyboard", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  const focused = () => page.locator(":focus");
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 30; presses += 1) {
      await page.keyboard.press("Tab");
      const label = await focused().evaluate(
        (element) => element.textContent || element.querySelector("img")?.alt || "",
      );
      if (label === name) return;
    }
    throw new Error(`Tab does not reach "${name}"`);
  };
  await page.keyboard.press("Tab");
  await expect(focused()).toHaveText("Skip to the result");
  await tabTo("Choose a photo");
  // The dialog may open before it is listened for; another press opens another.
  await expect(async () => {
    const chooser = page.waitForEvent("filechooser", { timeout: 5000 });
    await page.keyboard.press("Enter");
    await chooser;
  }).toPass();
  await tabTo("A cat");
  await page.keyboard.press("Enter");
  await classifier.shows("A cat");
  await tabTo("layer1");
  await page.keyboard.press("Enter");
  await expect(page.locator('[data-layer="layer1.0"]')).toBeVisible();
});
