import type { LayerRow, ModelInfo, Summary } from "../../lib";
import { csvLine } from "../csv";

/** Bytes of a number of 32 bits, in which maps are counted. */
const NUMBER = 4;

/** Bytes of a layer's output at 32 bits. */
export function outputBytes({ outputShape }: Pick<LayerRow, "outputShape">): number {
  return NUMBER * outputShape.reduce((product, size) => product * size, 1);
}

/** What a network takes at 32 bits, in bytes, counted as torchinfo does: every layer's output is kept. */
export function memoryOf({ rows, parameters }: Summary) {
  const leaves = rows.filter((row) => !row.container);
  const input = rows[0]?.inputShape ?? [];
  return {
    input: outputBytes({ outputShape: input }),
    outputs: leaves.reduce((sum, row) => sum + outputBytes(row), 0),
    parameters: NUMBER * parameters,
  };
}

const COLUMNS = [
  "name",
  "kind",
  "input shape",
  "output shape",
  "kernel",
  "parameters",
  "multiply-adds",
  "output bytes",
] as const;

function cells(row: LayerRow): (string | number)[] {
  const { name, kind, inputShape, outputShape, kernel, parameters, multiplyAdds } = row;
  return [
    name,
    kind,
    inputShape.join("x"),
    outputShape.join("x"),
    kernel?.join("x") ?? "",
    parameters,
    multiplyAdds,
    outputBytes(row),
  ];
}

/** The table as JSON: every row, totals, and whose they are. */
export function toJson({ architecture, inputShape }: ModelInfo, summary: Summary): string {
  const rows = summary.rows.map((row) => ({ ...row, outputBytes: outputBytes(row) }));
  const bytes = memoryOf(summary);
  return `${JSON.stringify({ architecture, inputShape, ...summary, rows, bytes }, null, 2)}\n`;
}

/** The table as comma-separated values (RFC 4180). */
export function toCsv(summary: Summary): string {
  return [COLUMNS, ...summary.rows.map(cells)].map(csvLine).join("");
}

/** The table as Markdown, with its totals. */
export function toMarkdown({ architecture }: ModelInfo, summary: Summary): string {
  const line = (columns: readonly (string | number)[]) => `| ${columns.join(" | ")} |\n`;
  const rule = line(COLUMNS.map((_, i) => (i < 5 ? "---" : "---:")));
  const rows = summary.rows.map((row) => {
    const [name, ...rest] = cells(row);
    return line([`${"&emsp;".repeat(row.depth)}${name}`, ...rest]);
  });
  const { input, outputs, parameters } = memoryOf(summary);
  const total = `Parameters: ${summary.parameters}. Multiply-adds: ${summary.multiplyAdds}. Bytes at 32 bits: input ${input}, outputs ${outputs}, parameters ${parameters}.\n`;
  return `## ${architecture}\n\n${line(COLUMNS)}${rule}${rows.join("")}\n${total}`;
}
