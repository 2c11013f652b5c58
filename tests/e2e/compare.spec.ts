import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./support/page";

test("32 and eight bits are compared on a photo, and on the next one", async ({
  classifier,
  page,
}) => {
  await classifier.open("?device=cpu");
  await classifier.chooseSample("A cat");
  await classifier.topResult();
  const compare = page.getByRole("region", { name: "Compare" });
  await compare.getByRole("button", { name: "With 8-bit arithmetic" }).click();
  await expect(compare).toContainText("Both find the same class most probable.");
  await expect(compare).toContainText(/differs by more than \d+(\.\d+)? points/);
  await expect(compare.getByText("ResNet-50, f32, CPU")).toBeVisible();
  await expect(compare.getByText("ResNet-50, int8, CPU")).toBeVisible();
  await expect(compare.getByText("Egyptian cat")).toHaveCount(2);

  await classifier.chooseSample("A cup of coffee");
  await expect(compare.getByText("espresso", { exact: true })).toHaveCount(2);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);

  await compare.getByRole("button", { name: "Stop comparing" }).click();
  await expect(compare.getByText("espresso", { exact: true })).toHaveCount(0);
  const workers = () => page.workers().filter((worker) => worker.url().includes("/worker-")).length;
  await expect.poll(workers).toBe(1);
});

test("weights that are none are named, and the page goes on", async ({ classifier, page }) => {
  await classifier.open("?device=cpu");
  await classifier.chooseSample("A cat");
  await classifier.topResult();
  const compare = page.getByRole("region", { name: "Compare" });
  await compare.locator("input[type=file]").setInputFiles({
    name: "other.pth",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("no weights at all"),
  });
  await expect(compare.getByRole("alert")).toContainText(/weight|format|file/i);
  await classifier.chooseSample("A cup of coffee");
  await expect(classifier.result.getByRole("listitem").first()).toContainText("espresso");
});
