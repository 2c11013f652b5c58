import type { LayerRow, SeenLayer } from "../../lib";

/**
 * Where in an inspection's layers the output of the row at `index` is; undefined where nobody saw it.
 *
 * A convolution's output is seen as its batch norm's, the row that follows. A ReLU that a block uses several times has as
 * many rows as it is seen, in the same order.
 */
export function placeOf(
  rows: readonly LayerRow[],
  index: number,
  layers: readonly SeenLayer[],
): number | undefined {
  const isConvolution = rows[index]?.kind === "Conv2d";
  const at = isConvolution ? index + 1 : index;
  const name = rows[at]?.name;
  const before = rows.slice(0, at).filter((row) => row.name === name).length;
  let left = before;
  const place = layers.findIndex((layer) => layer.name === name && left-- === 0);
  return place < 0 ? undefined : place;
}

/** How long the layers took that belong to the row at `index`: its own, or all of a container's. */
export function millisecondsOf(
  rows: readonly LayerRow[],
  index: number,
  layers: readonly SeenLayer[],
): number {
  const row = rows[index];
  if (!row) return 0;
  let end = index + 1;
  while (row.container && (rows[end]?.depth ?? 0) > row.depth) end += 1;
  const places = new Set<number>();
  for (let at = index; at < end; at += 1) {
    const place = placeOf(rows, at, layers);
    if (place !== undefined) places.add(place);
  }
  return [...places].reduce((sum, place) => sum + (layers[place]?.milliseconds ?? 0), 0);
}
