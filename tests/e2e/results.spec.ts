import { readFile } from "node:fs/promises";
import { violations } from "./support/access";
import { expect, test } from "./support/page";

test.beforeEach(async ({ classifier }) => {
  await classifier.openWithCat();
});

test("as many classes are shown as are wanted, and the next visit remembers", async ({
  classifier,
  page,
}) => {
  const bars = classifier.result.locator(".bar");
  await expect(bars).toHaveCount(5);
  await page.getByText("Show more or fewer, search all 1").click();
  const [top, threshold] = [
    page.getByLabel("Number of classes"),
    page.getByLabel("Minimum probability"),
  ];
  await top.fill("20");
  await expect(bars).toHaveCount(20);
  // What makes no sense changes nothing.
  await top.fill("21");
  await expect(bars).toHaveCount(20);
  await threshold.fill("5");
  await expect(bars).toHaveCount(3);
  await threshold.fill("100");
  await expect(bars).toHaveCount(1);
  await threshold.fill("5");

  await page.reload();
  await classifier.sees("A cat");
  await expect(bars).toHaveCount(3);
});

test("any class is found among all, with its place and probability", async ({ page }) => {
  await page.getByText("Show more or fewer, search all 1").click();
  const search = page.getByRole("searchbox", { name: "Search" });
  const found = page.locator(".found tbody tr");
  await search.fill("egyptian");
  await expect(found).toHaveCount(1);
  await expect(found).toContainText(/^1Egyptian cat7\d\.\d %$/);
  await search.fill("espresso maker");
  await expect(found).toContainText("espresso maker");
  await search.fill("no such thing");
  await expect(found).toHaveCount(0);
  await expect(page.getByText("No class has “no such thing” in its name.")).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

test("the result is copied, saved as an image, and the page linked to", async ({
  classifier,
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole("button", { name: "Copy result" }).click();
  await expect(classifier.result).toContainText("The result is on the clipboard.");
  expect(await clipboard()).toMatch(/^chelsea\.png\nEgyptian cat: 7\d\.\d %\n/);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as image" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("chelsea-ResNet-50.png");
  const png = await readFile(await download.path());
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect(png.readUInt32BE(16)).toBe(1200);

  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(classifier.result).toContainText("The link is on the clipboard");
  expect(new URL(await clipboard()).search).toBe("?device=cpu&top=5");
});
