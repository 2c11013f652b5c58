/** A line of comma-separated values (RFC 4180), quoted where it has to be. */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map(quoted).join(",")}\r\n`;
}

function quoted(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
