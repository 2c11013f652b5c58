import { plain } from "./file-text";
import { language } from "./language";

/** Class names, which come out of files, as people write them: `Egyptian_cat` becomes `Egyptian cat`. */
export function readableLabel(label: string): string {
  return plain(label.replaceAll("_", " "));
}

/** Names in a sentence: `a, b and c`. */
export function listed(names: readonly string[], and: string): string {
  const before = names.slice(0, -1).join(", ");
  return [before, names.at(-1)].filter(Boolean).join(` ${and} `);
}

/** Bytes as megabytes with one decimal. */
export function megabytes(bytes: number): string {
  return fixed(bytes / 1e6, 1);
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
  return `${divisor === 1 ? count : precise(value)}${prefix}`;
}

/** A tensor's shape: `1 × 64 × 112 × 112`. */
export function shape(dimensions: readonly number[]): string {
  return dimensions.join("\u2009×\u2009");
}

/** A number with so many decimals, as the page's language writes them. */
export function fixed(value: number, decimals: number): string {
  let format = FIXED.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat(language, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      useGrouping: false,
    });
    FIXED.set(decimals, format);
  }
  return format.format(value);
}

/** A number in three digits that count, as the page's language writes it; very large and small ones by a power of ten. */
export function precise(value: number): string {
  const size = Math.abs(value);
  const isUsual = size === 0 || (size >= 1e-4 && size < 1e6);
  return (isUsual ? STANDARD : SCIENTIFIC).format(value);
}

// To make a format takes longer than to use it for a whole table.
const FIXED = new Map<number, Intl.NumberFormat>();
const [STANDARD, SCIENTIFIC] = (["standard", "scientific"] as const).map(
  (notation) =>
    new Intl.NumberFormat(language, {
      minimumSignificantDigits: 3,
      maximumSignificantDigits: 3,
      useGrouping: false,
      notation,
    }),
) as [Intl.NumberFormat, Intl.NumberFormat];
