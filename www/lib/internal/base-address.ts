/** What relative addresses are relative to: the document's base or, in a worker of the caller's, the worker's own address. */
export function baseAddress(): string {
  return typeof document === "undefined" ? globalThis.location.href : document.baseURI;
}
