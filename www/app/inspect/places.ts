import type { LayerRow, LayerTime, SeenLayer } from "resnet-web";

/**
 * Where in an inspection's layers the output of the row at `index` is; undefined where it was not observed.
 *
 * The output of a convolution or linear layer with a batch norm is seen as that batch norm's, the row that follows. A ReLU that a
 * block uses several times has as many rows as it is seen, in the same order.
 */
export function placeOf(
  rows: readonly LayerRow[],
  index: number,
  layers: readonly SeenLayer[],
): number | undefined {
  const place = seenAt(rows, index, layers);
  if (place >= 0) return place;
  const isFolded = rows[index + 1]?.kind.startsWith("BatchNorm");
  if (!isFolded || !FOLDING.includes(rows[index]?.kind ?? "")) return undefined;
  const after = seenAt(rows, index + 1, layers);
  return after < 0 ? undefined : after;
}

/** Kinds of layers into which a batch norm that follows is folded. */
const FOLDING = ["Conv2d", "Linear"];

/** Where the row's own name is among the layers, or -1. */
function seenAt(rows: readonly LayerRow[], index: number, layers: readonly SeenLayer[]): number {
  const name = rows[index]?.name;
  let before = rows.slice(0, index).filter((row) => row.name === name).length;
  return layers.findIndex((layer) => layer.name === name && before-- === 0);
}

/** How long the layers took that belong to the row at `index`: its own, or all of a container's. */
export function millisecondsOf(
  rows: readonly LayerRow[],
  index: number,
  layers: readonly SeenLayer[],
): number {
  const places = new Set<number>();
  for (let at = index; at < endOf(rows, index); at += 1) {
    const place = placeOf(rows, at, layers);
    if (place !== undefined) places.add(place);
  }
  return sum([...places].map((place) => layers[place]?.milliseconds ?? 0));
}

/**
 * How long a GPU takes for the layers that belong to the row at `index`; undefined where it does nothing for them, or does it
 * with another layer.
 */
export function gpuMillisecondsOf(
  rows: readonly LayerRow[],
  index: number,
  layers: readonly LayerTime[],
): number | undefined {
  const names = new Set(rows.slice(index, endOf(rows, index)).map(({ name }) => name));
  const own = layers.filter(({ layer }) => names.has(layer));
  return own.length > 0 ? sum(own.map(({ milliseconds }) => milliseconds)) : undefined;
}

/** Where the parts of the row at `index` end. */
function endOf(rows: readonly LayerRow[], index: number): number {
  const row = rows[index];
  if (!row) return index;
  let end = index + 1;
  while (row.container && (rows[end]?.depth ?? 0) > row.depth) end += 1;
  return end;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
