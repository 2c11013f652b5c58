import { mkdirSync } from "node:fs";
import { CHROMIUM } from "./lib/browser.mjs";
import { command } from "./lib/command.mjs";
import { place } from "./lib/places.mjs";
import { serve } from "./lib/serve.mjs";

const help = `
Takes the README's pictures of the built page (docs/). Run \`npm run build\` and \`node tools/weights.mjs\` first.

  node tools/screenshots.mjs

  --help   show this text
`;

/** What is taken: the file, the window, and whether the whole page is shown. */
const PICTURES = [
  { file: "page.png", width: 1280, height: 940, colorScheme: "light", fullPage: false },
  { file: "page-dark.png", width: 1280, height: 940, colorScheme: "dark", fullPage: false },
  { file: "page-phone.png", width: 375, height: 1100, colorScheme: "light", fullPage: false },
];

await command({ help, options: {}, main: takePictures });

async function takePictures() {
  // Not imported at the top: `--help` works before `npm ci` has run.
  const { chromium } = await import("@playwright/test");
  mkdirSync(place("docs"), { recursive: true });
  const address = await serve(4190);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  for (const { file, width, height, colorScheme, fullPage } of PICTURES) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme });
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.goto(address);
    await page.getByRole("button", { name: "A cat" }).click();
    await page.getByText("Egyptian cat", { exact: true }).first().waitFor();
    await page.screenshot({ path: place("docs", file), fullPage });
    console.log(`docs/${file}`);
    await page.close();
  }
  await browser.close();
  process.exit();
}
