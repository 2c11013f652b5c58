import type { en } from "./en";

/** The same keys with any text, and functions of the same arguments. */
type Translated<T> = T extends string
  ? string
  : T extends (...values: infer Values) => string
    ? (...values: Values) => string
    : { [Key in keyof T]: Translated<T[Key]> };

/** What every language has to say: as much as English. */
export type Strings = Translated<typeof en>;
