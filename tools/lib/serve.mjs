import { root } from "./places.mjs";

/** Serves dist/ from the port, or the next free one, and returns the address. */
export async function serve(port) {
  // Not imported at the top: this module is loaded before `npm ci` has run.
  const { preview } = await import("vite");
  const server = await preview({ root, preview: { port, strictPort: false } });
  return server.resolvedUrls.local[0];
}
