import { describe, expect, it } from "vitest";
import { isolated, MOST_CHARACTERS, markdown, paragraph, plain } from "./file-text";

/** Texts as a file or its name can hold them, and what the page makes of them. */
const PLAIN: { what: string; text: string; is: string }[] = [
  { what: "an ordinary label", text: "Egyptian_cat", is: "Egyptian_cat" },
  { what: "letters of any script", text: "חתול 猫 кот é", is: "חתול 猫 кот é" },
  { what: "a picture letter of several code points", text: "👩‍👧", is: "👩‍👧" },
  { what: "lines and tabs", text: "a\r\nb\tc\u2028d\u2029e\u0085f", is: "a b c d e f" },
  { what: "narrow spaces", text: "25\u202f557\u00a0032", is: "25\u202f557\u00a0032" },
  { what: "spaces at the ends", text: "  a  ", is: "a" },
  {
    what: "what steers a terminal",
    text: "a\u001b[31mb\u0007\u009bc",
    is: "a\ufffd[31mb\ufffd\ufffdc",
  },
  { what: "an override of direction", text: "gpj\u202efdp.exe", is: "gpj\ufffdfdp.exe" },
  {
    what: "isolates of direction",
    text: "\u2066a\u2067b\u2068c\u2069",
    is: "\ufffda\ufffdb\ufffdc\ufffd",
  },
  { what: "half a surrogate pair", text: "a\ud800b", is: "a\ufffdb" },
  { what: "as many characters as there may be", text: "x".repeat(200), is: "x".repeat(200) },
  { what: "one more", text: "x".repeat(201), is: `${"x".repeat(199)}…` },
];

describe("a text of a file becomes one line that changes nothing around it", () => {
  it.each(PLAIN)("$what", ({ text, is }) => {
    expect(plain(text)).toBe(is);
  });

  it("is cut between characters, never inside of one", () => {
    expect(plain("🐈".repeat(10), 4)).toBe("🐈🐈🐈…");
    expect([...plain("🐈".repeat(10_000))]).toHaveLength(MOST_CHARACTERS);
  });

  it("keeps its direction to itself inside of a sentence", () => {
    expect(isolated("חתול")).toBe("\u2068חתול\u2069");
    expect(isolated("a\u2069b")).toBe("\u2068a\ufffdb\u2069");
  });
});

describe("a message in a paragraph of its own", () => {
  it.each([
    ["keeps isolated texts", `Not used: ${isolated("a.txt")}.`, "Not used: \u2068a.txt\u2069."],
    ["keeps nothing else that steers", "a\u202eb\u001b[0m\nc\u2067", "a\ufffdb\ufffd[0m c\ufffd"],
    ["ends", "x".repeat(3000), `${"x".repeat(1999)}…`],
  ])("%s", (_, message, is) => {
    expect(paragraph(message)).toBe(is);
  });
});

describe("in Markdown it is text", () => {
  it.each([
    ["a network's name", "ResNet-50", "ResNet-50"],
    ["a layer's name", "layer1.0.bn1", "layer1.0.bn1"],
    ["brackets", "ResNet [1, 1]", "ResNet \\[1, 1\\]"],
    ["a picture", "![x](http://a.b)", "\\!\\[x\\]\\(http\\://a.b\\)"],
    ["HTML", "<img src=x onerror=y>", "\\<img src=x onerror=y\\>"],
    ["an entity", "&lt;", "\\&lt;"],
    ["a cell's end", "a | b", "a \\| b"],
    ["emphasis and code", "*a* _b_ `c` ~d~", "\\*a\\* \\_b\\_ \\`c\\` \\~d\\~"],
    ["an escape", "a\\", "a\\\\"],
    ["a new heading", "a\n# b", "a \\# b"],
    ["a formula", "$x$", "\\$x\\$"],
    ["an address without a scheme", "www.example.org", "www\\.example.org"],
    ["a mention and an address of mail", "@you, me@example.org", "\\@you, me\\@example.org"],
  ])("%s", (_, text, is) => {
    expect(markdown(text)).toBe(is);
  });
});
