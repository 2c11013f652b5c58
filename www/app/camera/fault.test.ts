import { expect, it } from "vitest";
import { strings } from "../strings";
import { cameraFault } from "./fault";

const text = strings.camera.errors;

it.each([
  ["NotAllowedError", text.denied],
  ["NotFoundError", text.none],
  ["OverconstrainedError", text.unfit],
  ["NotReadableError", text.busy],
  ["AbortError", text.busy],
  ["SecurityError", text.insecure],
  ["SomethingElse", text.other("no")],
])("getUserMedia's %s has its own words", (name, words) => {
  expect(cameraFault(new DOMException("no", name))).toBe(words);
});

it("what is thrown without words is told by its name", () => {
  expect(cameraFault(new DOMException("", "TypeError"))).toBe(text.other("TypeError"));
  expect(cameraFault("no")).toBe(text.other("no"));
});
