/** Class names as people write them: `Egyptian_cat` becomes `Egyptian cat`. */
export function readableLabel(label: string): string {
  return label.replaceAll("_", " ");
}

/** Bytes as megabytes with one decimal. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** Whole numbers with thin gaps between thousands. */
export function grouped(count: number): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** A count in three digits and the usual prefix: 4.09 G. */
export function scaled(count: number): string {
  const [divisor, prefix] =
    count >= 1e9
      ? [1e9, "\u202fG"]
      : count >= 1e6
        ? [1e6, "\u202fM"]
        : count >= 1e3
          ? [1e3, "\u202fk"]
          : [1, ""];
  const value = count / divisor;
  return `${divisor === 1 ? count : value.toPrecision(3)}${prefix}`;
}

/** A tensor's shape: `1 × 64 × 112 × 112`. */
export function shape(dimensions: readonly number[]): string {
  return dimensions.join("\u2009×\u2009");
}
