import type { LayerRow } from "resnet-web";

/** The rows whose containers are all open. A container's parts follow it, one deeper. */
export function visibleRows(rows: readonly LayerRow[], open: ReadonlySet<string>): LayerRow[] {
  const visible: LayerRow[] = [];
  // Rows deeper than this are inside a container that is closed.
  let closedAt = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    if (row.depth > closedAt) continue;
    closedAt = row.container && !open.has(row.name) ? row.depth : Number.POSITIVE_INFINITY;
    visible.push(row);
  }
  return visible;
}
