/** How far apart logits may be, relative to the largest. */
export const TOLERANCE = 1e-3;

/** Median, minimum and 90th percentile. */
export function summaryOf(milliseconds) {
  return {
    median: medianOf(milliseconds),
    minimum: Math.min(...milliseconds),
    p90: rankOf(milliseconds, 0.9),
  };
}

/** A quantile, by nearest rank, so that it is a value that was measured. */
export function rankOf(values, part) {
  return ascending(values)[Math.ceil(part * values.length) - 1];
}

/** The median: the middle value, or the mean of the two in the middle. */
export function medianOf(values) {
  const sorted = ascending(values);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** The largest difference between two lists of numbers, relative to the second's largest. */
export function differenceOf(found, expected) {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let largest = 0;
  for (const [i, value] of expected.entries()) {
    const apart = Math.abs(found[i] - value);
    // NaN never agrees.
    if (Number.isNaN(apart)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, apart);
    largest = Math.max(largest, Math.abs(value));
  }
  return difference / largest;
}

function ascending(values) {
  return values.toSorted((a, b) => a - b);
}
