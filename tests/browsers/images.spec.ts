import { readFile, writeFile } from "node:fs/promises";
import { blackPng } from "../e2e/support/png";
import { expect, test } from "./support/test";

const PHOTO = ".source input[type=file]";

test.describe("where Firefox keeps pixels from pages", () => {
  test.skip(({ engine }) => engine !== "firefox", "a setting of Firefox");
  test.use({ preferences: { "privacy.resistFingerprinting": true } });

  test("no photo is classified by noise: the page says what to allow", async ({ classifier }) => {
    // Such a Firefox does not say what its language is.
    await classifier.open("?device=cpu&lang=en");
    await classifier.ready();
    await classifier.tab.clickButton("A cat");
    await classifier.says("Allow this page to read canvas data", ".notice");
    expect(await classifier.tab.text("#result")).not.toContain("%");
  });
});

/** Images of which browsers see more or less, and what the page makes of them: a result, or else a reason. */
const PICTURES: { name: string; bytes: () => Promise<Buffer>; says: RegExp; reason?: RegExp }[] = [
  { name: "cut.jpg", bytes: async () => (await photo()).subarray(0, -2), says: /cut short/ },
  {
    name: "most.jpg",
    bytes: async () => (await photo()).subarray(0, -600),
    says: /cut short/,
    reason: /cut short, and nothing/,
  },
  { name: "drawing.svg", bytes: async () => Buffer.from(SVG), says: /1024 × 512 pixels/ },
  {
    name: "line.png",
    bytes: async () => blackPng(1, 40_000),
    says: /1 × 40000 pixels/,
    reason: /too large/,
  },
  {
    name: "longer.png",
    bytes: async () => blackPng(70_000, 1),
    says: /70000 × 1 pixels/,
    reason: /too large/,
  },
  { name: "bomb.png", bytes: async () => blackPng(30_000, 30_000), says: /too large/ },
];

const photo = () => readFile("tests/fixtures/images/cat-grey.jpg");
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10">
  <rect width="20" height="10" fill="#fff"/><circle cx="10" cy="5" r="4" fill="#f60"/></svg>`;

test("an image has a result, or a reason why not, and the page goes on", async ({
  classifier,
}, info) => {
  await classifier.open();
  await classifier.ready();
  for (const { name, bytes, says, reason = says } of PICTURES) {
    await test.step(name, async () => {
      const file = info.outputPath(name);
      await writeFile(file, await bytes());
      await classifier.tab.chooseFiles(PHOTO, file);
      await classifier.says(new RegExp(`${says.source}|${reason.source}`), "main");
      await classifier.sees("A cat");
    });
  }
});
