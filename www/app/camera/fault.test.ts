import { expect, it } from "vitest";
import { strings } from "../strings";
import { cameraFault, type Surroundings } from "./fault";

const text = strings.camera.errors;
const OWN_TAB: Surroundings = { embedded: false, allowed: true };

it.each([
  ["NotAllowedError", text.denied],
  ["NotFoundError", text.none],
  ["OverconstrainedError", text.unfit],
  ["NotReadableError", text.busy],
  ["AbortError", text.busy],
  ["SecurityError", text.insecure],
  ["SomethingElse", text.other("no")],
])("getUserMedia's %s has its own words", (name, words) => {
  expect(cameraFault(new DOMException("no", name), () => OWN_TAB)).toBe(words);
});

it.each<[string, Surroundings, string]>([
  ["a person, in a tab", OWN_TAB, text.denied],
  ["a person, in a browser without policies", { embedded: false, allowed: null }, text.denied],
  ["a person, in a frame that may", { embedded: true, allowed: true }, text.denied],
  ["the server's own policy", { embedded: false, allowed: false }, text.policy],
  ["the page around", { embedded: true, allowed: false }, text.embedded],
  ["a person or the page around", { embedded: true, allowed: null }, text.deniedInFrame],
])("a camera refused by %s", (_, around, words) => {
  expect(cameraFault(new DOMException("no", "NotAllowedError"), () => around)).toBe(words);
});

it("what is thrown without words is told by its name", () => {
  expect(cameraFault(new DOMException("", "TypeError"))).toBe(text.other("TypeError"));
  expect(cameraFault("no")).toBe(text.other("no"));
});
