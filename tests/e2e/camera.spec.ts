import { chromium, FAKE_CAMERA } from "./support/browser";
import { expect, test } from "./support/page";

test.use(chromium(FAKE_CAMERA));

test("a frame is taken and classified, and the camera stops", async ({ classifier, page }) => {
  await classifier.open("?device=cpu");
  await page.getByRole("button", { name: "Use the camera" }).click();
  const take = page.getByRole("button", { name: "Take a picture" });
  await expect(take).toBeEnabled();
  await take.click();
  await expect(page.getByRole("img", { name: "The photo: camera frame" })).toBeVisible();
  expect((await classifier.topResult()).percent).toBeGreaterThan(0);
  await expect(page.locator("video")).toHaveCount(0);
});

test("a photo from elsewhere takes the camera's place", async ({ classifier, page }) => {
  await classifier.open("?device=cpu");
  await page.getByRole("button", { name: "Use the camera" }).click();
  await expect(page.getByRole("button", { name: "Take a picture" })).toBeEnabled();
  await classifier.chooseSample("A cat");
  await expect(page.getByRole("img", { name: "The photo: chelsea.png" })).toBeVisible();
  await expect(page.locator("video")).toHaveCount(0);
});

test("the camera can be stopped without a picture", async ({ classifier, page }) => {
  await classifier.open("?device=cpu");
  await page.getByRole("button", { name: "Use the camera" }).click();
  await page.getByRole("button", { name: "Stop the camera" }).click();
  await expect(page.locator("video")).toHaveCount(0);
  await expect(page.getByText("Drop a photo here")).toBeVisible();
});

const FAULTS = [
  { error: "NotAllowedError", says: "The camera is blocked for this page" },
  { error: "NotFoundError", says: "No camera was found" },
  { error: "NotReadableError", says: "in use by another program" },
];

for (const { error, says } of FAULTS) {
  test(`a camera that answers ${error} has its own message`, async ({ classifier, page }) => {
    await page.addInitScript((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", name));
    }, error);
    await classifier.open("?device=cpu");
    await page.getByRole("button", { name: "Use the camera" }).click();
    await expect(classifier.notice).toContainText(says);
    await expect(page.getByText("Drop a photo here")).toBeVisible();
  });
}
