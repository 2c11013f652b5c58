/**
 * A class of the page's, or `never` where its types are not loaded, as in a worker's program, whose `lib` has no `DOM`. So
 * the package's types need none.
 */
export type Global<Name extends string> =
  typeof globalThis extends Record<Name, { prototype: infer Instance }> ? Instance : never;
