import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { CHROMIUM } from "../tools/lib/browser.mjs";
import { QUIET } from "../tools/lib/chromium.mjs";
import { command } from "../tools/lib/command.mjs";
import { place } from "../tools/lib/places.mjs";
import { run } from "../tools/lib/run.mjs";
import { serve } from "../tools/lib/serve.mjs";
import { medianOf } from "./lib/statistics.mjs";

const help = `
Runs Lighthouse on the built page as on a desktop and as on a phone, three times each, and prints the medians, out of 100.
npm fetches Lighthouse for it. Run \`npm run build\` and \`node tools/weights.mjs\` first.

  npm run bench:lighthouse [-- options]

  --help            show this text
`;

/** Fetched when it is needed: it brings more packages than all the rest of the project. */
const LIGHTHOUSE = "lighthouse@12.8.2";
const ROUNDS = 3;
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const KINDS = { desk: ["--preset=desktop"], telephone: [] };
const CHROME = ["--headless=new", ...QUIET].join(" ");

await command({ help, options: {}, main });

async function main() {
  const address = await serve(4192);
  const folder = place(".tools", "lighthouse");
  mkdirSync(folder, { recursive: true });
  console.log(`\n| | ${CATEGORIES.join(" | ")} |\n|---|${"---|".repeat(CATEGORIES.length)}`);
  for (const [kind, options] of Object.entries(KINDS)) {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const report = path.join(folder, `${kind}-${round}.json`);
      await run(
        "npx",
        [
          ...["--yes", LIGHTHOUSE, address, ...options, `--chrome-flags=${CHROME}`],
          ...["--output=json", `--output-path=${report}`, "--quiet"],
          `--only-categories=${CATEGORIES.join(",")}`,
        ],
        { env: { CHROME_PATH: CHROMIUM } },
      );
      rounds.push(JSON.parse(readFileSync(report, "utf8")).categories);
    }
    const scores = CATEGORIES.map((category) =>
      Math.round(100 * medianOf(rounds.map((categories) => categories[category].score))),
    );
    console.log(`| ${kind} | ${scores.join(" | ")} |`);
  }
  console.log(`\nThe reports are in ${folder}.`);
  process.exit();
}
