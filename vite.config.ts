import { defineConfig } from "vitest/config";

/** What makes the page cross-origin isolated, so that threads may share memory (docs/isolation.md). */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  // Relative addresses: the built page works from any folder of any server.
  base: "./",
  publicDir: "www/public",
  // A missing file is a 404, not the page once more: weights that are not there must not look like HTML.
  appType: "mpa",
  build: {
    target: "es2022",
    outDir: "dist",
    assetsInlineLimit: 0,
  },
  worker: { format: "es" },
  test: { include: ["www/**/*.test.ts"] },
  server: { headers },
  preview: { port: 4173, strictPort: true, headers },
});
