import { chromium, TWO_FAKE_CAMERAS } from "./support/browser";
import { cameras, goLive, observeCameras } from "./support/camera";
import { SMALL } from "./support/networks";
import { expect, test } from "./support/page";

test.use({ network: SMALL, ...chromium(TWO_FAKE_CAMERAS) });

test("one is chosen, the one before goes off, and the choice is remembered", async ({
  classifier,
  page,
}) => {
  await observeCameras(page);
  await goLive(classifier);
  const chooser = page.getByRole("combobox", { name: "Camera" });
  await expect(chooser.locator("option")).toHaveCount(2);
  const ids = await chooser
    .locator("option")
    .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
  const other = ids.find((id) => id !== ids[0]) ?? "";
  await chooser.selectOption(other);
  await expect.poll(async () => (await cameras(page)).asked.length).toBe(2);
  await expect(page.getByRole("button", { name: "Take a photo" })).toBeEnabled();
  await expect(chooser).toHaveValue(other);
  expect(await cameras(page)).toMatchObject({ on: 1, most: 1 });

  await classifier.open();
  await page.getByRole("button", { name: "Use the camera" }).click();
  await expect(chooser).toHaveValue(other);
});

test("a remembered camera that is gone gives way to another", async ({ classifier, page }) => {
  await page.addInitScript(() => localStorage.setItem("resnet-web:camera", "gone"));
  await goLive(classifier);
  await expect(page.getByText("The camera you chose before is not connected")).toBeVisible();
});

test("front and back are switched, one on at a time, and no more than one ever", async ({
  classifier,
  page,
}) => {
  await observeCameras(page, "environment");
  await goLive(classifier);
  const video = page.locator("video");
  await expect(video).toHaveCSS("transform", "none");
  await page.getByRole("button", { name: "Switch to the front camera" }).press("Enter");
  const back = page.getByRole("button", { name: "Switch to the back camera" });
  await expect(back).toBeFocused();
  await expect(video).toHaveCSS("transform", "matrix(-1, 0, 0, 1, 0, 0)");
  // Switching back and forth leaves no camera on.
  for (let presses = 0; presses < 4; presses += 1) {
    await page.getByRole("button", { name: /Switch to/ }).press("Enter");
  }
  await expect(classifier.result).toContainText("Live");
  expect(await cameras(page)).toMatchObject({ on: 1, most: 1 });
  await page.getByRole("button", { name: "Stop the camera" }).click();
  // One that was being switched on is switched off as soon as it is there.
  await expect.poll(async () => (await cameras(page)).on).toBe(0);
});
