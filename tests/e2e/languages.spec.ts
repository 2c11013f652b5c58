import { violations } from "./support/access";
import { expect, test } from "./support/page";

test.describe("in a German browser", () => {
  test.use({ locale: "de-DE" });

  test("the page speaks German, and writes numbers so", async ({ classifier, page }) => {
    await classifier.open();
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
    await page.getByRole("button", { name: "Eine Katze" }).click();
    const result = page.getByRole("region", { name: "Ergebnis" });
    await expect(result.getByRole("listitem").first()).toContainText(/Egyptian cat7\d,\d %/);
    await expect(page.getByText("Auf der CPU, wie verlangt.")).toBeVisible();
    expect(await violations(page)).toEqual([]);
  });

  test("nothing sticks out of a window 375 pixels wide", async ({ classifier, page }) => {
    await page.setViewportSize({ width: 375, height: 800 });
    await classifier.open();
    await page.getByRole("button", { name: "Eine Katze" }).click();
    await expect(page.locator(".bar").first()).toBeVisible();
    await page.getByRole("button", { name: "layer1 ansehen" }).click();
    await expect(page.locator(".map-grid canvas").first()).toBeVisible();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(375);
  });

  test("the address can ask for English", async ({ classifier, page }) => {
    await classifier.open("?device=cpu&lang=en");
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
    await expect(page.getByText("Drop a photo here")).toBeVisible();
  });
});
