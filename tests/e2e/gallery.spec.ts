import { readFile } from "node:fs/promises";
import { violations } from "./support/access";
import { type GivenFile, textFile } from "./support/files";
import { type ClassifierPage, expect, test } from "./support/page";

async function photo(name: string, file: "chelsea" | "coffee"): Promise<GivenFile> {
  const buffer = await readFile(`www/public/photos/${file}.png`);
  return { name, mimeType: "image/png", buffer };
}

const BROKEN = { ...textFile("notes.jpg", "a text"), mimeType: "image/jpeg" };

async function choose(classifier: ClassifierPage, count = 1): Promise<void> {
  const photos = [await photo("cat.png", "chelsea"), BROKEN, await photo("cup.png", "coffee")];
  await classifier.chooseFile(...Array.from({ length: count }, () => photos).flat());
}

test("many photos have a result each, and one that is none does not stop the others", async ({
  classifier,
  page,
}) => {
  await classifier.open();
  await choose(classifier);
  const gallery = page.getByRole("region", { name: "3 photos" });
  await expect(gallery).toContainText("3 of 3 processed, 1 failed.");
  const tiles = gallery.getByRole("listitem");
  await expect(tiles.nth(0)).toContainText(/Egyptian cat, 7\d\.\d %/);
  await expect(tiles.nth(1)).toContainText('"notes.jpg" is not an image');
  await expect(tiles.nth(2)).toContainText(/espresso, 99\.\d %/);
  await expect(gallery.getByRole("button", { name: "Stop" })).toHaveCount(0);

  expect(await violations(page)).toEqual([]);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    gallery.getByRole("button", { name: "Save as CSV" }).click(),
  ]);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatch(/^cat\.png,Egyptian_cat,0\.7\d+,/);

  await tiles.nth(2).getByRole("button").click();
  await classifier.shows("A cup of coffee");
  await gallery.getByRole("button", { name: "Close the gallery" }).click();
  await expect(gallery).toHaveCount(0);
});

test("the gallery can be stopped, and keeps what it has", async ({ classifier, page }) => {
  await classifier.open("?device=cpu&threads=1");
  await classifier.ready();
  await choose(classifier, 40);
  const gallery = page.getByRole("region", { name: "120 photos" });
  await expect(gallery.getByRole("listitem").first()).toContainText("Egyptian cat");
  await gallery.getByRole("button", { name: "Stop" }).click();
  await expect(gallery).toContainText(/Stopped: \d+ of 120 processed/);
  await expect(gallery.getByRole("listitem")).toHaveCount(60);
  await gallery.getByRole("button", { name: "Show 60 more" }).click();
  await expect(gallery.getByRole("listitem")).toHaveCount(120);
  // The page goes on.
  await classifier.sees("A cup of coffee");
});

test("several files that are dropped are a gallery, what is no image left out", async ({
  classifier,
  page,
}) => {
  await classifier.open();
  const photos = [await photo("a.png", "chelsea"), await photo("b.png", "chelsea")];
  await classifier.drop(...photos, textFile("readme.txt", "a text"));
  const gallery = page.getByRole("region", { name: "2 photos" });
  await expect(gallery).toContainText("2 of 2 processed.");
  await expect(classifier.notice).toContainText("readme.txt");
});
