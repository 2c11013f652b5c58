import { expect, it } from "vitest";
import { strings } from "../strings";
import { cameraFault } from "./fault";

const text = strings.camera.errors;

it.each([
  ["NotAllowedError", text.denied],
  ["NotFoundError", text.none],
  ["OverconstrainedError", text.none],
  ["NotReadableError", text.busy],
  ["SecurityError", text.insecure],
  ["SomethingElse", text.other("no")],
])("getUserMedia's %s has its own words", (name, words) => {
  expect(cameraFault(new DOMException("no", name))).toBe(words);
});
