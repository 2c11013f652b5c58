import { readFileSync } from "node:fs";
import { CHROMIUM } from "../tools/lib/browser.mjs";
import { command } from "../tools/lib/command.mjs";
import { place } from "../tools/lib/places.mjs";
import { run } from "../tools/lib/run.mjs";
import { serve } from "../tools/lib/serve.mjs";
import { ensurePackages } from "./lib/packages.mjs";

const help = `
Has Lighthouse judge the built page, as a desktop's and as a telephone's: performance, accessibility, best practices and
search engines, 0 to 100. Run \`npm run build\` and \`node tools/weights.mjs\` first.

  npm run bench:lighthouse

  --help   show this text
`;

const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const DEVICES = { desktop: ["--preset=desktop"], telephone: [] };

await command({ help, main });

async function main() {
  await ensurePackages();
  const address = await serve(4192);
  const rows = [];
  for (const [device, options] of Object.entries(DEVICES)) {
    const report = place(".tools", `lighthouse-${device}.json`);
    const program = place("bench", "node_modules", "lighthouse", "cli", "index.js");
    const flags = "--chrome-flags=--headless=new --no-sandbox --disable-quic";
    const output = ["--quiet", "--output=json", `--output-path=${report}`];
    const args = [program, address, ...options, ...output, flags];
    await run(process.execPath, [...args, `--only-categories=${CATEGORIES.join(",")}`], {
      env: { ...process.env, CHROME_PATH: CHROMIUM },
    });
    const { categories } = JSON.parse(readFileSync(report, "utf8"));
    rows.push([device, ...CATEGORIES.map((name) => Math.round(100 * categories[name].score))]);
  }
  const lines = [["", ...CATEGORIES], CATEGORIES.concat("").map(() => "---"), ...rows];
  console.log(`\n${lines.map((line) => `| ${line.join(" | ")} |`).join("\n")}\n`);
  process.exit();
}
