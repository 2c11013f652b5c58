import type { ImageInspection, LayerRow, ModelInfo, Summary } from "resnet-web";
import { csvLine } from "../csv";
import { markdown, plain } from "../file-text";
import { gpuMillisecondsOf, millisecondsOf } from "../inspect/places";

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

/** How long the layers of every row took in an inspection, and on which clock. */
interface Times {
  column: "GPU milliseconds" | "CPU milliseconds while inspecting";
  milliseconds: (number | null)[];
}

function timesOf({ rows }: Summary, { gpu, layers }: ImageInspection): Times {
  const onGpu = gpu?.taken === "timestamps" ? gpu.layers : undefined;
  const rounded = (time: number | undefined) =>
    time === undefined ? null : Math.round(1e3 * time) / 1e3;
  return {
    column: onGpu ? "GPU milliseconds" : "CPU milliseconds while inspecting",
    milliseconds: rows.map((_, i) =>
      rounded(onGpu ? gpuMillisecondsOf(rows, i, onGpu) : millisecondsOf(rows, i, layers)),
    ),
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

/** The table's head and its rows, with a column of times where they are known. */
function table(summary: Summary, inspection: ImageInspection | null) {
  const times = inspection && timesOf(summary, inspection);
  const cells = (row: LayerRow, i: number): (string | number)[] => {
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
      ...(times ? [times.milliseconds[i] ?? ""] : []),
    ];
  };
  return {
    columns: times ? [...COLUMNS, times.column] : [...COLUMNS],
    rows: summary.rows.map(cells),
  };
}

/** The table as JSON: every row, totals, and whose they are. */
export function toJson(
  { architecture, inputShape }: ModelInfo,
  summary: Summary,
  inspection: ImageInspection | null,
): string {
  const times = inspection && timesOf(summary, inspection);
  const rows = summary.rows.map((row, i) => ({
    ...row,
    outputBytes: outputBytes(row),
    ...(times && { milliseconds: times.milliseconds[i] }),
  }));
  const told = {
    architecture: plain(architecture),
    inputShape,
    ...(times && { milliseconds: times.column }),
    ...summary,
    rows,
    bytes: memoryOf(summary),
  };
  return `${JSON.stringify(told, null, 2)}\n`;
}

/** The table as comma-separated values (RFC 4180). */
export function toCsv(summary: Summary, inspection: ImageInspection | null): string {
  const { columns, rows } = table(summary, inspection);
  return [columns, ...rows].map(csvLine).join("");
}

/** The table as Markdown, with its totals. */
export function toMarkdown(
  { architecture }: ModelInfo,
  summary: Summary,
  inspection: ImageInspection | null,
): string {
  const line = (columns: readonly (string | number)[]) => `| ${columns.join(" | ")} |\n`;
  const { columns, rows } = table(summary, inspection);
  const rule = line(columns.map((_, i) => (i < 5 ? "---" : "---:")));
  const lines = rows.map(([name, ...rest], i) =>
    line([`${"&emsp;".repeat(summary.rows[i]?.depth ?? 0)}${markdown(String(name))}`, ...rest]),
  );
  const { input, outputs, parameters } = memoryOf(summary);
  const total = `Parameters: ${summary.parameters}. Multiply-adds: ${summary.multiplyAdds}. Bytes at 32 bits: input ${input}, outputs ${outputs}, parameters ${parameters}.\n`;
  return `## ${markdown(architecture)}\n\n${line(columns)}${rule}${lines.join("")}\n${total}`;
}
