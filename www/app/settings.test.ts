import { expect, it } from "vitest";
import { readSettings, type Shared, shareLink } from "./settings";

it.each([
  ["", {}],
  ["?device=cpu", { device: "cpu" }],
  ["?device=webgpu&fault=panic", { device: "webgpu" }],
  ["?top=20&threshold=5", { top: 20, threshold: 0.05 }],
  ["?device=fastest", { device: "fastest" }],
  ["?device=CPU", {}],
  ["?device=tpu", {}],
  ["?weights=https%3A%2F%2Fexample.org%2Fa.pth", { weights: "https://example.org/a.pth" }],
  ["?weights=", {}],
  ["?stride=conv1&arithmetic=int8", { choices: { strideOn: "conv1", arithmetic: "int8" } }],
  ["?threads=2", { threads: 2 }],
  ["?threads=auto", { threads: "auto" }],
  ["?threads=many", {}],
  ["?isolation=off", { isolationOff: true }],
  ["?isolation=on", {}],
  ["?offline=off", { offlineOff: true }],
  ["?offline=on", {}],
])("the address's query %s", (query, settings) => {
  const usual = {
    device: "auto",
    weights: null,
    choices: {},
    threads: null,
    top: null,
    threshold: null,
    isolationOff: false,
    offlineOff: false,
  };
  expect(readSettings(query)).toEqual({ ...usual, ...settings });
});

it.each<[Partial<Shared>, string]>([
  [{}, "https://example.org/page/?top=5"],
  [
    { device: "cpu", threads: 2, threshold: 0.1 },
    "https://example.org/page/?device=cpu&threads=2&top=5&threshold=10",
  ],
  [
    { weights: "https://example.org/a b.pth" },
    "https://example.org/page/?weights=https%3A%2F%2Fexample.org%2Fa+b.pth&top=5",
  ],
  [{ choices: { arithmetic: "int8" } }, "https://example.org/page/?arithmetic=int8&top=5"],
])("%o is shared as %s, and read again", (settings, link) => {
  const usual: Shared = {
    device: "auto",
    threads: "auto",
    weights: null,
    choices: {},
    top: 5,
    threshold: 0,
  };
  const shared = { ...usual, ...settings };
  expect(shareLink("https://example.org/page/?device=cpu#result", shared)).toBe(link);
  const { threads, top, threshold, isolationOff, offlineOff, ...same } = readSettings(
    new URL(link).search,
  );
  const read = { ...same, threads: threads ?? "auto", top, threshold: threshold ?? 0 };
  expect(read).toEqual(shared);
  expect([isolationOff, offlineOff]).toEqual([false, false]);
});

it.each([
  ["https://user:secret@example.org/a.pth", "https://example.org/a.pth"],
  ["https://user@example.org/a.pth?b", "https://example.org/a.pth?b"],
  ["//user:secret@example.org/a.pth", "https://example.org/a.pth"],
  ["./user:secret@a.pth", "./user:secret@a.pth"],
  ["http://[", "http://["],
  ["http://user:secret@[", "["],
])("weights at %s are shared as %s", (weights, shown) => {
  const shared: Shared = {
    device: "auto",
    threads: "auto",
    weights,
    choices: {},
    top: 5,
    threshold: 0,
  };
  const link = new URL(shareLink("https://me:secret@example.org/page/", shared));
  expect(link.searchParams.get("weights")).toBe(shown);
  expect(link.href).not.toContain("secret@example.org/page");
});
