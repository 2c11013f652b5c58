import { expect, it } from "vitest";
import { withoutUser } from "./address";

const PAGE = "https://page.test/app/";

it.each([
  ["./a.pth", "./a.pth"],
  ["https://files.test/a@b.pth", "https://files.test/a@b.pth"],
  ["https://user:secret@files.test/a.pth", "https://files.test/a.pth"],
  ["//user@files.test/a.pth", "https://files.test/a.pth"],
  ["https://user:secret@[", "["],
])("%s is shared as %s", (address, shared) => {
  expect(withoutUser(address, PAGE)).toBe(shared);
});
