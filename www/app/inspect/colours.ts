/** Points of the colour map viridis, evenly apart: even steps of a number are even steps to the eye, in print, too. */
const VIRIDIS = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 74, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [109, 205, 89],
  [180, 222, 44],
  [253, 231, 37],
] as const;

/** Points of the colour map inferno, which is bright where there is much. */
const INFERNO = [
  [0, 0, 4],
  [40, 11, 84],
  [101, 21, 110],
  [159, 42, 99],
  [212, 72, 66],
  [245, 125, 21],
  [250, 193, 39],
  [252, 255, 164],
] as const;

/** The colour of a value between 0 and 1 in viridis: red, green, blue. */
export function viridis(value: number): [number, number, number] {
  return between(VIRIDIS, value);
}

/** The colour of a value between 0 and 1 in inferno: red, green, blue. */
export function inferno(value: number): [number, number, number] {
  return between(INFERNO, value);
}

function between(
  points: readonly (readonly [number, number, number])[],
  value: number,
): [number, number, number] {
  const at = Math.min(Math.max(value, 0), 1) * (points.length - 1);
  const from = Math.min(Math.floor(at), points.length - 2);
  const part = at - from;
  const mixed = [0, 1, 2].map((channel) => {
    const [a, b] = [points[from]?.[channel] ?? 0, points[from + 1]?.[channel] ?? 0];
    return Math.round(a + (b - a) * part);
  });
  return mixed as [number, number, number];
}
