/** A Markdown table of times; each of ours is held against every other. */
export function speedTable(rows) {
  const ours = rows.filter(isOurs);
  const head = ["", "median", "minimum", "p90", ...ours.map((our) => `${our.name} / this`)];
  const body = rows.map(({ name, median, minimum, p90 }) => {
    const ratios = ours.map((our) => (our.name === name ? "" : (our.median / median).toFixed(2)));
    return [name, ...[median, minimum, p90].map(inMilliseconds), ...ratios];
  });
  return table(head, body);
}

/** A Markdown table of first visits. */
export function coldTable(rows) {
  const head = ["", "first result, median", "minimum", "downloaded", "memory, at most"];
  const body = rows.map(({ name, median, minimum, bytes, memory }) => [
    name,
    ...[median, minimum].map(inMilliseconds),
    ...[bytes, memory].map(inMegabytes),
  ]);
  return table(head, body);
}

function isOurs({ name }) {
  return name.startsWith("resnet-web");
}

function table(head, body) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((row) => row[i].length)));
  const padded = (row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
  const rule = widths.map((width, i) =>
    i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [padded(head), rule, ...body.map(padded)].map(line).join("\n");
}

function inMilliseconds(value) {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

function inMegabytes(bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
