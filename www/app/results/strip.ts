/** Features as lines, in a box as wide as there are features and one high. */
export interface Strip {
  /** An SVG path: a line for each feature that is not zero. */
  path: string;
  /** How far from the top zero is. */
  zero: number;
  /** The largest feature, by its size. */
  most: number;
}

/** Draws features: each as a line from zero. */
export function strip(values: Float32Array): Strip {
  let [least, most] = [0, 0];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const range = most - least || 1;
  const y = (value: number) => Number(((most - value) / range).toFixed(4));
  const zero = y(0);
  const lines = Array.from(values, (value, i) =>
    y(value) === zero ? "" : `M${i + 0.5} ${zero}V${y(value)}`,
  );
  return { path: lines.join(""), zero, most: -least > most ? least : most };
}
