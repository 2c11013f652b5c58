import { command } from "../tools/lib/command.mjs";
import { serve } from "../tools/lib/serve.mjs";
import { openPage, withBrowser } from "./lib/browser.mjs";
import { numbersIn } from "./lib/options.mjs";
import { medianOf, rankOf } from "./lib/statistics.mjs";

const help = `
Measures how soon the page responds while the network runs on all threads of the CPU: from pressing a
button, a switch or a key to the next paint, by the browser's Event Timing. With nothing running, with
the camera live (Chromium's test video), and while a gallery of many photos is classified. Run \`npm run build\` and \`node tools/weights.mjs\` first.

  npm run bench:responsiveness [-- options]

  --rounds COUNT   how often each control is pressed (8)
  --help           show this text
`;

const options = { rounds: { type: "string", default: "8" } };

const FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
/** More photos than are classified while the controls are pressed. */
const PHOTOS = 2000;
/** The browser reports nothing faster than this, and rounds to 8. In milliseconds. */
const LEAST = 16;
/** Between two presses, in milliseconds: as slowly as a person, and never in step with the frames. */
const PAUSE = () => 150 + 150 * Math.random();

const SITUATIONS = {
  "nothing running": async () => {},
  "camera live": async (page) => {
    await page.getByRole("button", { name: "Use the camera" }).click();
    await page.getByRole("checkbox", { name: "Show where" }).check();
    await page.locator(".heat").waitFor();
  },
  "gallery worked off": async (page) => {
    await page.evaluate(async (count) => {
      const blob = await (await fetch("./photos/coffee.png")).blob();
      const files = new DataTransfer();
      for (let i = 1; i <= count; i += 1) {
        files.items.add(new File([blob], `${i}.png`, { type: blob.type }));
      }
      const input = document.querySelector(".source input[type=file]");
      input.files = files.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }, PHOTOS);
    await page.locator(".tile-result").first().waitFor();
  },
};

await command({ help, options, main });

async function main({ rounds }) {
  const [count] = numbersIn("rounds", rounds);
  const address = await serve(4192);
  console.log("\n| | threads | interactions | median | p98 | worst |\n|---|---|---|---|---|---|");
  const slow = [];
  await withBrowser(async (browser) => {
    for (const [name, begin] of Object.entries(SITUATIONS)) {
      const { threads, durations, slowest } = await measure(browser, address, begin, count);
      const figures = [medianOf(durations), rankOf(durations, 0.98), Math.max(...durations)];
      const cells = figures.map((value) =>
        value <= LEAST ? `${LEAST} ms or less` : `${value} ms`,
      );
      console.log(`| ${[name, threads, durations.length, ...cells].join(" | ")} |`);
      slow.push(`${name}: ${slowest}`);
    }
  }, FAKE_CAMERA);
  console.log(`\nThe slowest:\n${slow.join("\n")}`);
  process.exit();
}

/** Presses each control in turn, `rounds` times. */
async function measure(browser, address, begin, rounds) {
  const page = await openPage(browser, `${address}?device=cpu`);
  await page.getByRole("heading", { name: "ResNet-50" }).waitFor();
  await page.getByRole("button", { name: "A cat" }).click();
  await page.locator(".bar-label").first().waitFor();
  await begin(page);
  await page.evaluate(listen, LEAST);
  const presses = await pressesOn(page);
  for (let round = 0; round < rounds; round += 1) {
    for (const press of presses) {
      await press();
      await page.waitForTimeout(PAUSE());
    }
  }
  const threads = await page.locator("[data-device]").innerText();
  const { events, interactions } = await page.evaluate(() => window.responsiveness());
  await page.close();
  const slowest = events.toSorted((a, b) => b.duration - a.duration).slice(0, 3);
  // An interaction that the browser does not report was faster than what it reports.
  const fast = Math.max(0, interactions - events.length);
  return {
    threads: threads.match(/(\d+) thread/)?.[1] ?? "?",
    durations: [...events.map(({ duration }) => duration), ...Array(fast).fill(LEAST)],
    slowest: slowest.map(({ what, duration }) => `${what} ${duration} ms`).join(", "),
  };
}

/** The controls that can be used at any time. */
async function pressesOn(page) {
  const layers = page.getByRole("region", { name: "Layers", exact: true });
  const node = page.locator(".drawing .node[tabindex='0']");
  const press = (locator, key) => async () => {
    await locator.focus();
    await page.keyboard.press(key);
  };
  const presses = [
    () => layers.getByRole("button", { name: /^(Open|Close) all/ }).click(),
    press(node, "ArrowRight"),
  ];
  if (await page.locator("video").isVisible()) {
    for (const name of ["Show where", "Smooth over time"]) {
      const box = page.getByRole("checkbox", { name });
      presses.push(press(box, "Space"), () => box.click());
    }
    return presses;
  }
  await page.locator(".view summary").click();
  for (const key of ["c", "a", "t", "Backspace"]) {
    presses.push(press(page.locator(".view-search input"), key));
  }
  return presses;
}

/** Runs in the page: keeps the longest event of each interaction. */
function listen(least) {
  const longest = new Map();
  const before = performance.interactionCount;
  const observer = new PerformanceObserver((list) => {
    for (const { interactionId, duration, name, target } of list.getEntries()) {
      if (!interactionId || duration <= (longest.get(interactionId)?.duration ?? 0)) continue;
      const what = `${name} on ${target?.getAttribute("aria-label") ?? target?.localName}`;
      longest.set(interactionId, { duration, what });
    }
  });
  observer.observe({ type: "event", durationThreshold: least });
  observer.observe({ type: "first-input" });
  window.responsiveness = async () => {
    // The last press is reported after its paint.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const interactions = performance.interactionCount - before;
    return { events: [...longest.values()], interactions };
  };
}
