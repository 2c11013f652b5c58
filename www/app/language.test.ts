import { expect, it } from "vitest";
import { chooseLanguage } from "./language";

it.each([
  ["", ["en-US", "en"], "en"],
  ["", ["de-CH", "en"], "de"],
  ["", ["DE"], "de"],
  ["", ["fr", "de", "en"], "de"],
  ["", ["fr"], "en"],
  ["", [], "en"],
  ["?lang=de", ["en"], "de"],
  ["?lang=en&device=cpu", ["de"], "en"],
  ["?lang=fr", ["de"], "de"],
])("with %o and %o the page speaks %s", (query, wanted, language) => {
  expect(chooseLanguage(query, wanted)).toBe(language);
});
