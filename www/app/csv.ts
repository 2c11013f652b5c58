import { plain } from "./file-text";

/** The most characters that a cell of a spreadsheet holds. */
const MOST_IN_CELL = 32_767;
/** What a spreadsheet takes for a formula, by what a cell begins with. */
const FORMULA = /^\ufffd*[=+\-@＝＋－＠]/u;

/**
 * A line of comma-separated values (RFC 4180), quoted where it has to be. Texts come out of files: one that a spreadsheet
 * would run gets an apostrophe before it, which spreadsheets read as "this is text".
 */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map((cell) => quoted(typeof cell === "number" ? String(cell) : text(cell))).join(",")}\r\n`;
}

function text(cell: string): string {
  const line = plain(cell, MOST_IN_CELL);
  return FORMULA.test(line) ? `'${line}` : line;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
