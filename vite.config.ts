import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** What makes the page cross-origin isolated, so that threads may share memory (docs/isolation.md). */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/**
 * What the built page may do: run its own code and wasm, and nothing else's. Weights may come from any https address that
 * somebody gives it (`?weights=`); nothing in the page sends anything anywhere.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob: mediastream:",
  "connect-src 'self' https:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Puts the policy into the page, so that it holds on every host. The dev server needs scripts that it forbids. */
const contentSecurityPolicy: Plugin = {
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: { "http-equiv": "Content-Security-Policy", content: policy },
      injectTo: "head-prepend",
    },
  ],
};

export default defineConfig({
  plugins: [contentSecurityPolicy],
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
