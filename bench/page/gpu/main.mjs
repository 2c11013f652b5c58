import {
  relaxedSimd,
  threads as wasmThreads,
} from "/node_modules/wasm-feature-detect/dist/esm/index.js";
import { openContender } from "../contender.mjs";
import { readAdapter } from "./adapter.mjs";
import { heatOf } from "./heat.mjs";
import { addTable, showAdapter } from "./view.mjs";

/** What hangs for so long, in milliseconds, counts as failed; a software adapter needs minutes. */
const LIMIT = 5 * 60_000;
/** As many as the page of resnet-web takes at most. */
const MOST_THREADS = 8;

const at = (id) => document.getElementById(id);
/** `?models=resnet18&rounds=1&warmups=0&only=resnet-web&start`: the form, filled in; one who runs. */
const asked = new URLSearchParams(location.search);
const field = await (await fetch("field.json")).json();
const adapter = await readAdapter();
let record;

showAdapter(at("adapter"), adapter);
fillForm();
at("race").addEventListener("submit", (event) => {
  event.preventDefault();
  race();
});
at("copy").addEventListener("click", copy);
at("download").addEventListener("click", download);
if (asked.has("start")) race();

function fillForm() {
  const names = asked.get("models")?.split(",");
  for (const { name, title } of field.models) {
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", name, checked: names?.includes(name) ?? true });
    const label = document.createElement("label");
    label.append(box, ` ${title}`);
    at("models").append(label);
  }
  at("rounds").value = asked.get("rounds") ?? at("rounds").value;
  at("warm-ups").value = asked.get("warmups") ?? at("warm-ups").value;
}

async function race() {
  const [button, form] = [at("race").querySelector("button"), at("race").elements];
  button.disabled = true;
  at("tables").replaceChildren();
  const [runs, warmUps] = [at("rounds").valueAsNumber, at("warm-ups").valueAsNumber];
  const contenders = await contendersHere();
  record = { ...circumstances(), runs, warmUps, results: [] };
  for (const { name, title, ...model } of field.models) {
    if (!form.namedItem(name).checked) continue;
    const show = addTable(at("tables"), title);
    const report = (text) => {
      at("status").textContent = `${title}: ${text}`;
    };
    const open = (contender, model) => openContender(contender, model, LIMIT);
    const rows = await heatOf(contenders, model, { open, runs, warmUps, report, show });
    record.results.push({ model: name, contenders: rows });
    at("json").value = JSON.stringify(record, null, 2);
    at("share").hidden = false;
  }
  at("status").textContent = "Done.";
  button.disabled = false;
}

async function contendersHere() {
  const all = [...field.contenders, await onCpu()];
  const only = asked.getAll("only");
  return all.filter(({ name }) => only.length === 0 || only.some((text) => name.includes(text)));
}

/** Our module for the CPU, the one that www/worker/wasm/module.ts would choose in this browser. */
async function onCpu() {
  const most = Math.min(navigator.hardwareConcurrency, MOST_THREADS);
  const threads = crossOriginIsolated && (await wasmThreads()) ? most : 1;
  const parts = ["cpu", (await relaxedSimd()) && "relaxed", threads > 1 && "threads"];
  const folder = `/www/wasm/${parts.filter(Boolean).join("-")}`;
  const name = `resnet-web, CPU, ${threads === 1 ? "1 thread" : `${threads} threads`}`;
  return { name, runner: "ours", folder, threads };
}

/** What a result depends on. */
function circumstances() {
  return {
    kind: "gpu",
    date: new Date().toISOString(),
    browser: navigator.userAgent,
    platform: navigator.userAgentData?.platform,
    processors: navigator.hardwareConcurrency,
    isolated: crossOriginIsolated,
    versions: field.versions,
    adapter,
  };
}

async function copy() {
  try {
    await navigator.clipboard.writeText(at("json").value);
    at("shared").textContent = "Copied.";
  } catch {
    // Not everywhere is a page allowed to; what is selected can be copied by hand.
    at("json").select();
    at("shared").textContent = "Selected: copy it from here.";
  }
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([at("json").value], { type: "application/json" }));
  const { vendor = "", architecture = "" } = adapter;
  link.download = ["resnet-web-gpu", vendor, architecture, record.date.slice(0, 10)]
    .filter((part) => part)
    .join("-")
    .concat(".json");
  link.click();
  URL.revokeObjectURL(link.href);
}
