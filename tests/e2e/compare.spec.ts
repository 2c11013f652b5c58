import { violations } from "./support/access";
import { expect, test } from "./support/page";

test("32 and eight bits are compared on a photo, and on the next one", async ({
  classifier,
  page,
}) => {
  await classifier.openWithCat();
  const compare = page.getByRole("region", { name: "Compare" });
  await compare.getByRole("button", { name: "With 8-bit arithmetic" }).click();
  await expect(compare).toContainText("Both rank the same class first.");
  await expect(compare).toContainText(/differs by more than \d+(\.\d+)? points/);
  await expect(compare.getByText("ResNet-50, f32, CPU")).toBeVisible();
  await expect(compare.getByText("ResNet-50, int8, CPU")).toBeVisible();
  await expect(compare.getByText("Egyptian cat")).toHaveCount(2);

  await classifier.chooseSample("A cup of coffee");
  await expect(compare.getByText("espresso", { exact: true })).toHaveCount(2);
  expect(await violations(page)).toEqual([]);

  await compare.getByRole("button", { name: "Stop comparing" }).click();
  await expect(compare.getByText("espresso", { exact: true })).toHaveCount(0);
  const workers = () => page.workers().filter((worker) => worker.url().includes("/worker-")).length;
  await expect.poll(workers).toBe(1);
});

test("weights that are none are named, and the page goes on", async ({ classifier, page }) => {
  await classifier.openWithCat();
  const compare = page.getByRole("region", { name: "Compare" });
  await compare.locator("input[type=file]").setInputFiles({
    name: "other.pth",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("no weights at all"),
  });
  await expect(compare.getByRole("alert")).toContainText(/weight|format|file/i);
  await classifier.sees("A cup of coffee");
});
