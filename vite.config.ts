import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";
import { modulesToCome } from "./tools/lib/absent-modules.mjs";
import { thirdPartyText } from "./tools/lib/third-party.mjs";

/** What makes the page cross-origin isolated, so that threads may share memory (docs/isolation.md). */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/**
 * What the built page may do: run its own code and wasm, and connect to its own origin. Workers are not bound by it, so
 * weights (`www/worker/weights/store.ts`) and labels (`www/worker/engine/labels.ts`) may come from any address that a person
 * gives, such as `?weights=`.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob: mediastream:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/**
 * Puts the policy into the page, so that it holds on every host, with the hashes of the page's own inline scripts. The dev
 * server needs scripts that it forbids.
 */
const contentSecurityPolicy: Plugin = {
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: {
    // What is hashed has to be what is written.
    order: "post",
    handler: (html) => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: policyOf(html) },
        injectTo: "head-prepend",
      },
    ],
  },
};

function policyOf(html: string): string {
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script]) => script ?? "");
  const hashes = scripts.map((script) => {
    const hash = createHash("sha256").update(script).digest("base64");
    return ` 'sha256-${hash}'`;
  });
  return policy.replace("script-src 'self'", `$&${hashes.join("")}`);
}

/** Puts the notices of all packages that the page carries beside it. */
const thirdParty: Plugin = {
  name: "third-party",
  apply: "build",
  generateBundle() {
    // With a mark, since servers do not say that it is UTF-8.
    this.emitFile({
      type: "asset",
      fileName: "THIRD-PARTY.txt",
      source: `\ufeff${thirdPartyText()}`,
    });
  },
};

/** Where the page is built to. */
let folder = "dist";

/** Hears where that is: `npm start` builds beside the page that it serves. */
const whereTo: Plugin = {
  name: "where-to",
  configResolved: ({ root, build }) => {
    folder = path.resolve(root, build.outDir);
  },
};

/** Adds checksums to the list of files, by which the browser refuses those of another version. */
const withChecksums = async <File extends { url: string }>(files: File[]) => ({
  manifest: await Promise.all(
    files.map(async (entry) => {
      const hash = createHash("sha256").update(await readFile(path.join(folder, entry.url)));
      return { ...entry, integrity: `sha256-${hash.digest("base64")}` };
    }),
  ),
});

/** Builds the service worker, with a list of the files that it keeps (docs/offline.md). */
const serviceWorker = VitePWA({
  strategies: "injectManifest",
  srcDir: "www/service-worker",
  filename: "service-worker.ts",
  // The page registers it when it has all it needs itself, and has a manifest of its own.
  injectRegister: false,
  manifest: false,
  injectManifest: {
    globPatterns: ["**/*.{html,js,css,wasm,json,svg,png,webmanifest}", "THIRD-PARTY.txt"],
    // Weights are the worker's, which keeps them with their checksums.
    globIgnores: ["weights/**", "isolation-worker.js"],
    // These carry a hash of their content in their names.
    dontCacheBustURLsMatching: /^assets\//,
    // All wasm modules, since another device may be chosen without a network.
    maximumFileSizeToCacheInBytes: 16 << 20,
    rollupFormat: "iife",
    manifestTransforms: [withChecksums],
  },
});

/** The wasm modules that `npm start` builds behind a page that does without them. */
const toCome = (process.env.VITE_MODULES_TO_COME ?? "").split(",").filter(Boolean);

export default defineConfig({
  plugins: [modulesToCome(toCome), contentSecurityPolicy, thirdParty, whereTo, serviceWorker],
  // Relative addresses: the built page works from any folder of any server.
  base: "./",
  publicDir: "www/public",
  // The page uses the library by the package's name, from its sources.
  resolve: {
    alias: [{ find: /^resnet-web$/, replacement: path.resolve("www/lib/public/index.ts") }],
  },
  // A missing file is a 404, not the page once more: weights that are not there must not look like HTML.
  appType: "mpa",
  build: {
    target: "es2022",
    outDir: "dist",
    assetsInlineLimit: 0,
  },
  worker: { format: "es", plugins: () => [modulesToCome(toCome)] },
  test: { include: ["www/**/*.test.ts"] },
  server: { headers },
  preview: { port: 4173, strictPort: true, headers },
});
