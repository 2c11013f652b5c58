import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Fault } from "../../tools/lib/fault.mjs";
import { place } from "../../tools/lib/places.mjs";
import { moduleFolder, modules } from "../../tools/lib/wasm-module.mjs";
import { inTurn } from "./rounds.mjs";
import { summaryOf } from "./statistics.mjs";

/** The engines, by the names that the tests' drivers have for them (tests/browsers/support/engines.ts). */
export const engines = ["chromium", "firefox", "webkit"];

/** How long a page may take to load its model or to classify, in milliseconds. */
const LIMIT = 60_000;

/**
 * Interleaves classifications in the built page in several engines. Returns a row for each: the engine, its user agent, the
 * wasm module that the page chose there, on how many threads it computes, and the times of the network.
 */
export async function timesIn(names, { threads, runs, report }) {
  const { launch, StaticHost, answers } = await drivers();
  const visits = new Map();
  try {
    for (const name of names) {
      report(`loading the page in ${name}`);
      if (!launch[name]) throw new Fault(`There is no engine "${name}": ${engines.join(", ")}.`);
      visits.set(name, await visit(launch[name], new StaticHost(), threads));
    }
    const run = (name) => classify(visits.get(name), answers);
    const times = await inTurn(names, { run, runs, report });
    return names.map((name) => {
      const { engine, module, count } = visits.get(name);
      const milliseconds = times.get(name);
      const facts = { name, engine, module, threads: count, wanted: threads };
      return { ...facts, ...summaryOf(milliseconds), milliseconds };
    });
  } finally {
    for (const { host, browser } of visits.values()) {
      host.close();
      await browser.close();
    }
  }
}

/** What drives the browsers in the tests. */
async function drivers() {
  // Not imported at the top: this module is loaded before `npm ci` has run.
  const { runnerImport } = await import("vite");
  const load = async (file) => (await runnerImport(place("tests", file))).module;
  const { LAUNCH } = await load("browsers/support/engines.ts");
  const { StaticHost } = await load("e2e/support/host.ts");
  const { RESNET_50 } = await load("e2e/support/networks.ts");
  return { launch: LAUNCH, StaticHost, answers: Object.entries(RESNET_50.answers) };
}

/** Opens the page in a browser of its own, and waits for the model. */
async function visit(launch, host, threads) {
  const asked = new Set();
  host.isolates = true;
  host.headersOf = (file) => {
    asked.add(file);
    return {};
  };
  await host.open();
  const browser = await launch({ webgpu: false, preferences: {} });
  const tab = await browser.newTab();
  await tab.open(`${host.address}?device=cpu&threads=${threads}&offline=off&lang=en`);
  await until(tab, "#model-heading", /ResNet-50/);
  const [, count] = await until(tab, "[data-device]", /CPU, (\d+) thread/);
  const engine = await tab.evaluate(() => navigator.userAgent);
  return { host, browser, tab, engine, module: moduleAmong(asked), count: Number(count), round: 0 };
}

/** Classifies the next of the samples, and returns the network's time as the page says it. */
async function classify(visit, answers) {
  const [sample, answer] = answers[visit.round % answers.length];
  visit.round += 1;
  await visit.tab.clickButton(sample);
  await until(visit.tab, "#result", answer);
  const [, time] = await until(visit.tab, "#result", /network ([\d.,]+)/);
  return Number(time.replace(",", ""));
}

/** Waits until an element's text matches. Returns the match. */
async function until(tab, selector, pattern) {
  const end = Date.now() + LIMIT;
  for (;;) {
    const text = await tab.text(selector);
    const match = pattern.exec(text);
    if (match) return match;
    if (Date.now() > end) throw new Fault(`The page says "${text}", not ${pattern}.`);
    await setTimeout(20);
  }
}

/** Which wasm module is among the files that a page asked for: the one with the same bytes. */
function moduleAmong(files) {
  const digest = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");
  const names = new Map();
  for (const name of Object.keys(modules)) {
    const file = place(moduleFolder(name), "resnet_web_bg.wasm");
    if (existsSync(file)) names.set(digest(file), name);
  }
  const wasm = [...files].filter((file) => file.endsWith(".wasm"));
  return wasm.map((file) => names.get(digest(place("dist", file))) ?? file).join(", ");
}
