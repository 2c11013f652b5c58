import { once } from "node:events";
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { Fault } from "../../tools/lib/fault.mjs";
import { root } from "../../tools/lib/places.mjs";

/** What the pages need of the repository. */
const FOLDERS = [
  "bench",
  "www/wasm",
  "www/public",
  ".tools/bench",
  "node_modules/comlink",
  "node_modules/wasm-feature-detect",
];

const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

const OTHER = "application/octet-stream";

const HEADERS = {
  // Both together let the page share memory between threads.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  // Every visit is a first one.
  "Cache-Control": "no-store",
};

/**
 * Does `work` while the pages and models are served from `address`, as they are; `sent()` is how many
 * bytes have been asked for. `texts` are served, too, by their places; `port` is a free one unless told.
 */
export async function withServer(work, { port = 0, texts = {} } = {}) {
  let sent = 0;
  const server = createServer(async ({ url }, response) => {
    const name = nameOf(url);
    const typed = { ...HEADERS, "Content-Type": TYPES[path.extname(name)] ?? OTHER };
    if (Object.hasOwn(texts, name)) {
      response.writeHead(200, typed).end(texts[name]);
      return;
    }
    const file = fileOf(name);
    const stats = file && statSync(file, { throwIfNoEntry: false });
    if (!stats?.isFile()) {
      response.writeHead(404, HEADERS).end();
      return;
    }
    sent += stats.size;
    response.writeHead(200, { ...typed, "Content-Length": stats.size });
    // A page that is closed meanwhile is no fault.
    await pipeline(createReadStream(file), response).catch(() => {});
  });
  await listening(server, port);
  const address = `http://127.0.0.1:${server.address().port}`;
  try {
    return await work({ address, sent: () => sent });
  } finally {
    server.close();
  }
}

async function listening(server, port) {
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch (error) {
    if (error.code !== "EADDRINUSE") throw error;
    throw new Fault(`Port ${port} is taken; name another one with --port.`);
  }
}

function nameOf(url) {
  const { pathname } = new URL(url, "http://localhost");
  return path.posix.normalize(decodeURIComponent(pathname)).slice(1);
}

function fileOf(name) {
  return FOLDERS.some((folder) => name.startsWith(`${folder}/`))
    ? path.join(root, name)
    : undefined;
}
