import { expect, it } from "vitest";
import { readSettings } from "./settings";

it.each([
  ["", {}],
  ["?device=cpu", { device: "cpu" }],
  ["?device=webgpu&fault=panic", { device: "webgpu", fault: "panic" }],
  ["?device=fastest", { device: "fastest" }],
  ["?device=CPU", {}],
  ["?device=tpu&fault=none", {}],
  ["?weights=https%3A%2F%2Fexample.org%2Fa.pth", { weights: "https://example.org/a.pth" }],
  ["?weights=", {}],
  ["?threads=2", { threads: 2 }],
  ["?threads=auto", { threads: "auto" }],
  ["?threads=many", {}],
  ["?isolation=off", { isolationOff: true }],
  ["?isolation=on", {}],
])("the address's query %s", (query, settings) => {
  const usual = {
    device: "auto",
    weights: null,
    threads: null,
    isolationOff: false,
    fault: null,
  };
  expect(readSettings(query)).toEqual({ ...usual, ...settings });
});
