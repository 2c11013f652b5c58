import { overflow, violations } from "./support/access";
import { type ClassifierPage, expect, test } from "./support/page";

const STATES: Record<string, (classifier: ClassifierPage) => Promise<unknown>> = {
  "without a photo": (classifier) => classifier.ready(),
  "with a result": async (classifier) => {
    await classifier.chooseSample("A cat");
    await classifier.topResult();
  },
  "with every layer open": async (classifier) => {
    await classifier.ready();
    await classifier.page.getByRole("button", { name: "Open all" }).click();
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

for (const colorScheme of ["light", "dark"] as const) {
  for (const [state, reach] of Object.entries(STATES)) {
    test(`axe finds nothing in the ${colorScheme} page ${state}`, async ({ classifier, page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await classifier.open("?device=cpu");
      await reach(classifier);
      expect(await violations(page)).toEqual([]);
    });
  }
}

for (const width of [375, 1440, 2560]) {
  test(`nothing sticks out of a window ${width} pixels wide`, async ({ classifier, page }) => {
    await page.setViewportSize({ width, height: 812 });
    await classifier.open("?device=cpu");
    await classifier.chooseSample("A cat");
    await classifier.topResult();
    await page.getByRole("button", { name: "Open all" }).click();
    expect(await overflow(page)).toBe(0);
  });
}

test("everything works by keyboard", async ({ classifier, page }) => {
  await classifier.open("?device=cpu");
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
  expect((await classifier.topResult()).label).toBe("Egyptian cat");
  await tabTo("layer1");
  await page.keyboard.press("Enter");
  await expect(page.locator('[data-layer="layer1.0"]')).toBeVisible();
});
