import { expect, it } from "vitest";
import { readSettings } from "./settings";

it.each([
  ["", { device: "auto", panicOnce: false }],
  ["?device=cpu", { device: "cpu", panicOnce: false }],
  ["?device=webgpu&fault=panic", { device: "webgpu", panicOnce: true }],
  ["?device=CPU", { device: "auto", panicOnce: false }],
  ["?device=tpu&fault=none", { device: "auto", panicOnce: false }],
])("the address's query %s", (query, settings) => {
  expect(readSettings(query)).toEqual(settings);
});
