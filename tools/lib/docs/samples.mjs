import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { place } from "../places.mjs";

/**
 * The code on the documentation's pages. Words after the language of a fence, which no reader sees, say how it is checked:
 *
 * - `not-run="why"`: only its types, or where it has none its syntax
 * - `runs-in="node"`: by Node instead of Chromium
 * - `prints="text"`, `shows="text"`: with the default weights, what the console or the page has in the end
 */
const FENCE = /^( *)```(\w+)([^\n]*)\n([\s\S]*?)^\1```$/gm;
const MARK = /([a-z-]+)="([^"]*)"/g;

/** Languages, and how a sample in one is checked unless it is marked. */
const CHECKS = {
  ts: "Chromium",
  html: "Chromium",
  js: "syntax",
  jsx: "syntax",
  sh: "shell",
  json: "syntax",
};

/** What is checked of a sample that is not run. */
const NOT_RUN = { ts: "types", js: "syntax", jsx: "syntax", sh: "syntax", json: "syntax" };

/** Pages that are not documentation of the package. */
const EXCLUDED = [
  "docs/reference/api",
  "docs/reference/generated",
  "docs/node_modules",
  "docs/.vitepress",
];

/** The pages with samples, as places in the repository. */
function pages() {
  const found = readdirSync(place("docs"), { recursive: true })
    .map((name) => path.posix.join("docs", name.split(path.sep).join("/")))
    .filter((name) => name.endsWith(".md"))
    .filter((name) => !EXCLUDED.some((folder) => name.startsWith(`${folder}/`)));
  return ["README.md", ...found.sort()];
}

/** Every sample, in the order of the pages. */
export function allSamples() {
  return pages().flatMap((page) => samplesOf(page, readFileSync(place(page), "utf8")));
}

/** The samples of a page. */
export function samplesOf(page, text) {
  return [...text.matchAll(FENCE)].map(([, indent, language, words, body], index, all) => {
    const marks = Object.fromEntries(
      [...words.matchAll(MARK)].map(([, name, value]) => [name, value]),
    );
    const line = text.slice(0, all[index].index).split("\n").length;
    const code = body.replace(new RegExp(`^${indent}`, "gm"), "");
    return { page, line, language, code, marks, check: checkOf(language, marks) };
  });
}

/** How a sample is checked: `Chromium`, `Node`, `shell`, `types`, `syntax`, or not at all. */
function checkOf(language, marks) {
  const usual = CHECKS[language];
  if (marks["not-run"] !== undefined) return NOT_RUN[language];
  return marks["runs-in"] === "node" ? "Node" : usual;
}

const WORDS = {
  Chromium: "run in Chromium",
  Node: "run by Node",
  shell: "run by the shell",
  types: "types checked",
  syntax: "parsed",
};

/** A table of all samples with how each is checked, in Markdown. */
export function samplesTable() {
  const rows = allSamples().map(({ page, line, language, code, check, marks }) => {
    const first = code
      .split("\n")
      .find((text) => text.trim() && !/^\s*(import|\/\/|#|<!)/.test(text));
    const shown = (first ?? code).trim().slice(0, 60).replaceAll("|", "\\|").replaceAll("`", "'");
    const how = check ? WORDS[check] : "not checked";
    const why = marks["not-run"] ? `, not run: ${marks["not-run"]}` : "";
    return `| ${page}:${line} | ${language} | \`${shown}\` | ${how}${why} |`;
  });
  return ["| where | language | sample | checked |", "| --- | --- | --- | --- |", ...rows, ""].join(
    "\n",
  );
}
