import { mkdirSync } from "node:fs";
import { CHROMIUM } from "./lib/browser.mjs";
import { FAKE_CAMERA, QUIET } from "./lib/chromium.mjs";
import { command } from "./lib/command.mjs";
import { place } from "./lib/places.mjs";
import { serve } from "./lib/serve.mjs";

const help = `
Takes pictures of the built page: the README's (docs/) and one of each state on a telephone and a desk, light and dark
(docs/states/). Run \`npm run build\` and \`node tools/weights.mjs\` first.

  node tools/screenshots.mjs [-- options]

  --only STATES   of ${"empty, loading, result, where, inside, gallery, compare, camera, error"}; separated by commas (all)
  --help          show this text
`;

const options = { only: { type: "string" } };

/** The README's: the file, the window, the colours. */
const PICTURES = [
  { file: "page.png", width: 1280, height: 940, colorScheme: "light" },
  { file: "page-dark.png", width: 1280, height: 940, colorScheme: "dark" },
  { file: "page-phone.png", width: 375, height: 1100, colorScheme: "light" },
];

const WINDOWS = [
  { width: 1440, height: 1000 },
  { width: 375, height: 812 },
];
const COLOURS = ["light", "dark"];
const SAMPLES = ["chelsea.png", "coffee.png"].map((name) => place("www", "public", "photos", name));

/** Every state, as a person comes to it. */
const STATES = {
  empty: async (page) => {
    await page.getByRole("heading", { name: "ResNet-50" }).waitFor();
  },
  loading: async (page) => {
    await page.route("**/*.safetensors", () => {});
    await page.reload();
    await page.getByRole("button", { name: "Cancel" }).waitFor();
  },
  result: (page) => chooseCat(page),
  where: async (page) => {
    await chooseCat(page);
    await page
      .getByRole("button", { name: /^Where/ })
      .first()
      .click();
    await page.locator(".heat").waitFor();
  },
  inside: async (page) => {
    await chooseCat(page);
    await page.locator(".node-block text", { hasText: "layer2.1" }).click();
    await page.locator(".map-grid canvas").first().waitFor();
    await page.locator(".drawing").scrollIntoViewIfNeeded();
    await page.evaluate(() => document.querySelector(".drawing")?.scrollIntoView());
  },
  gallery: async (page) => {
    await page
      .locator(".source input[type=file]")
      .first()
      .setInputFiles([...SAMPLES, ...SAMPLES]);
    await page.getByText("4 of 4 processed.").waitFor();
    await page.evaluate(() => document.querySelector(".gallery")?.scrollIntoView());
  },
  compare: async (page) => {
    await chooseCat(page);
    await page.getByRole("button", { name: "With 8-bit arithmetic" }).click();
    await page.getByText("Both rank the same class").waitFor();
    await page.evaluate(() => document.querySelector(".compare")?.scrollIntoView());
  },
  camera: async (page) => {
    await page.getByRole("heading", { name: "ResNet-50" }).waitFor();
    await page.getByRole("button", { name: "Use the camera" }).click();
    await page.locator(".bar").first().waitFor();
  },
  error: async (page) => {
    const notes = { name: "notes.jpg", mimeType: "image/jpeg", buffer: Buffer.from("a text") };
    await page.getByRole("heading", { name: "ResNet-50" }).waitFor();
    await page.locator(".source input[type=file]").first().setInputFiles(notes);
    await page.getByRole("alert").waitFor();
  },
};

await command({ help, options, main: takePictures });

async function takePictures({ only }) {
  // Not imported at the top: `--help` works before `npm ci` has run.
  const { chromium } = await import("@playwright/test");
  mkdirSync(place("docs", "states"), { recursive: true });
  const address = await serve(4190);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [...QUIET, ...FAKE_CAMERA],
  });
  const shoot = async (viewport, colorScheme, state, options) => {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(`${address}?device=cpu`);
    await state(page);
    await page.screenshot(options);
    console.log(options.path);
    await context.close();
  };
  if (!only) {
    for (const { file, width, height, colorScheme } of PICTURES) {
      const options = { path: place("docs", file) };
      await shoot({ width, height }, colorScheme, STATES.where, options);
    }
  }
  const names = only?.split(",") ?? Object.keys(STATES);
  for (const name of names) {
    for (const viewport of WINDOWS) {
      for (const colours of COLOURS) {
        const path = place("docs", "states", `${name}-${viewport.width}-${colours}.jpg`);
        await shoot(viewport, colours, STATES[name], { path, type: "jpeg", quality: 72 });
      }
    }
  }
  await browser.close();
  process.exit();
}

async function chooseCat(page) {
  await page.getByRole("button", { name: "A cat" }).click();
  await page.getByText("Egyptian cat", { exact: true }).first().waitFor();
}
