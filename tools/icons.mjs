import { mkdirSync, readFileSync } from "node:fs";
import { CHROMIUM } from "./lib/browser.mjs";
import { QUIET } from "./lib/chromium.mjs";
import { command } from "./lib/command.mjs";
import { place } from "./lib/places.mjs";

const help = `
Draws the icons in www/public/icons from www/public/icon.svg, for the systems that want pixels. They are kept with the
code; run this when the drawing has changed.

  node tools/icons.mjs

  --help   show this text
`;

/** Systems cut a full one to a shape of their own; the drawing is a little smaller there, to stay within. */
const ICONS = [
  { file: "192.png", size: 192 },
  { file: "512.png", size: 512 },
  { file: "maskable-512.png", size: 512, full: true },
  { file: "apple-touch-180.png", size: 180, full: true },
];

await command({ help, options: {}, main: draw });

async function draw() {
  // Not imported at the top: `--help` works before `npm ci` has run.
  const { chromium } = await import("@playwright/test");
  const drawing = readFileSync(place("www", "public", "icon.svg"), "utf8");
  const [, ground] = /fill="(#\w+)"/.exec(drawing);
  mkdirSync(place("www", "public", "icons"), { recursive: true });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET });
  for (const { file, size, full } of ICONS) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    const style = full
      ? `body { background: ${ground} } svg { scale: 0.9 }`
      : "body { background: none }";
    await page.setContent(
      `<style>body { margin: 0 } svg { display: block; width: 100vw } ${style}</style>${drawing}`,
    );
    const path = place("www", "public", "icons", file);
    await page.screenshot({ path, omitBackground: true });
    await page.close();
    console.log(path);
  }
  await browser.close();
}
