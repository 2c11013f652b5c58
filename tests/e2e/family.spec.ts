import { overflow, violations } from "./support/access";
import { familyFile } from "./support/files";
import { SMALL } from "./support/networks";
import { expect, test } from "./support/page";

test.use({ network: SMALL });

/** Files, and what the page says of their networks. */
const CASES = [
  {
    file: "ecaresnet26t.safetensors",
    name: "ECA-ResNet [1, 1, 1, 1]-D",
    facts: ["3×3 → 6, 3×3 → 8, 3×3 → 16, max pool", "efficient channel attention", "average pool"],
    drawn: { attention: 4 },
    rows: ["layer1.0.se.conv", "layer2.0.downsample.0"],
  },
  {
    file: "resnetv2_50d.safetensors",
    name: "ResNetV2 [1, 1, 1, 1]-D",
    facts: ["pre-activation"],
    drawn: { projection: 4 },
    rows: ["stages.0.blocks.0.norm1", "norm.act"],
  },
  {
    file: "resnet20-option-a.safetensors",
    name: "ResNet-14",
    facts: ["zeros on the shortcut", "no pooling after the first convolution"],
    drawn: { projection: 2 },
    rows: ["layer2.0.downsample"],
  },
];

test("the page names, draws and lists what a network has", async ({ classifier, page }) => {
  await classifier.openWithCat();
  for (const { file, name, facts, drawn, rows } of CASES) {
    await test.step(file, async () => {
      await classifier.drop(await familyFile(file));
      await expect(classifier.named(name)).toBeVisible();
      for (const fact of facts) await expect(classifier.model).toContainText(fact);
      for (const [kind, count] of Object.entries(drawn)) {
        await expect(page.locator(`.node-${kind}`)).toHaveCount(count);
      }
      await page.getByRole("button", { name: "Expand all" }).click();
      for (const row of rows) {
        await expect(page.getByRole("row", { name: row }).first()).toBeVisible();
      }
      await expect(classifier.first).toContainText(/class \d/i);
    });
  }
  expect(await violations(page)).toEqual([]);
});

test("what tensors do not show can be chosen and taken back", async ({ classifier, page }) => {
  await classifier.openWithCat();
  await classifier.drop(await familyFile("resnet20-option-a.safetensors"));
  await expect(classifier.named("ResNet-14")).toBeVisible();
  await page.locator("#stem-pool").selectOption("max");
  await expect(classifier.model).toContainText("3×3 → 8, max pool");
  await expect(classifier.model).not.toContainText("no pooling after the first convolution");
  await page.locator("#shortcut").selectOption("zero-padded-after");
  await expect(page.locator("#shortcut")).toHaveValue("zero-padded-after");
  await page.locator("#anti-aliasing").selectOption("blur");
  await expect(classifier.model).toContainText("blur pool against aliasing");
  await page.locator("#anti-aliasing").selectOption("none");
  await expect(classifier.model).not.toContainText("blur pool against aliasing");
});

test("a network without a head shows the photo's features", async ({ classifier, page }) => {
  await classifier.openWithCat();
  await classifier.drop(await familyFile("head-none-d.safetensors"));
  await expect(classifier.model).toContainText("none: the network ends with its features");
  await expect(classifier.result).toContainText("These weights have no classes");
  await expect(classifier.result.getByRole("img", { name: /96 features as lines/ })).toBeVisible();
  const saved = page.waitForEvent("download");
  await classifier.result.getByRole("button", { name: "Save as CSV" }).click();
  expect((await saved).suggestedFilename()).toMatch(/\.csv$/);
  expect(await violations(page)).toEqual([]);
  await page.setViewportSize({ width: 375, height: 800 });
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1280, height: 800 });

  // Layers can be inspected, and a model with classes has a result again.
  await page.locator(".node").first().click();
  await expect(page.getByRole("heading", { name: "What the network sees" })).toBeVisible();
  await classifier.drop(await familyFile("resnet18d.safetensors"));
  await expect(classifier.first).toContainText(/class \d/i);
});
