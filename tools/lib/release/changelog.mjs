import { Fault } from "../fault.mjs";

const UNRELEASED = "## [Unreleased]";

/**
 * A changelog in the form of https://keepachangelog.com/en/1.1.0/ after a release: what was unreleased has the version and
 * its date, and links at the end compare each version with the one before.
 *
 * @param repository its address on the web
 * @param last the last release's version, or undefined where there is none
 */
export function releasedChangelog(text, { version, date, repository, last }) {
  const { body, start, end } = sectionOf(text, UNRELEASED);
  if (!/^- /m.test(body)) {
    throw new Fault('CHANGELOG.md has nothing under "Unreleased"; say there what is new.');
  }
  const section = `${UNRELEASED}\n\n## [${version}] - ${date}\n\n${body}\n`;
  const rest = text.slice(end);
  const links = [
    `[Unreleased]: ${repository}/compare/v${version}...HEAD`,
    `[${version}]: ${repository}/${last ? `compare/v${last}...v${version}` : `releases/tag/v${version}`}`,
  ];
  const older = rest.replace(/^\[Unreleased\]: .*\n/m, "").trim();
  const [sections, oldLinks] = splitLinks(older);
  const parts = [section.trim(), sections, [...links, ...oldLinks].join("\n")].filter(Boolean);
  return `${text.slice(0, start)}${parts.join("\n\n")}\n`;
}

/** What the changelog says of a version: the notes of its release. */
export function notesOf(text, version) {
  return sectionOf(text, `## [${version}]`).body;
}

/** A section without its heading: from there to the next one, or to the links at the end. */
function sectionOf(text, heading) {
  const start = text.indexOf(`${heading}`);
  if (start < 0) throw new Fault(`CHANGELOG.md has no section "${heading}"; add one.`);
  const from = text.indexOf("\n", start) + 1;
  const length = text.slice(from).search(/^(## |\[[^\]]+\]: )/m);
  const end = length < 0 ? text.length : from + length;
  return { body: text.slice(from, end).trim(), start, end };
}

/** The sections, and the links that follow them. */
function splitLinks(text) {
  const at = text.search(/^\[[^\]]+\]: /m);
  if (at < 0) return [text, []];
  return [text.slice(0, at).trim(), text.slice(at).trim().split("\n")];
}
