import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { root } from "../../tools/lib/places.mjs";

/** What the pages need of the repository. */
const FOLDERS = ["bench", "www/wasm", "www/public", ".tools/bench", "node_modules/comlink"];

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

const HEADERS = {
  // Both together let the page share memory between threads.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  // Every visit is a first one.
  "Cache-Control": "no-store",
};

/**
 * Does `work` while the pages and models are served from `address`, as they are; `sent()` is how many
 * bytes have been asked for.
 */
export async function withServer(work) {
  let sent = 0;
  const server = createServer(async ({ url }, response) => {
    const file = fileOf(url);
    const stats = file && statSync(file, { throwIfNoEntry: false });
    if (!stats?.isFile()) {
      response.writeHead(404, HEADERS).end();
      return;
    }
    sent += stats.size;
    const type = TYPES[path.extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { ...HEADERS, "Content-Type": type, "Content-Length": stats.size });
    // A page that is closed meanwhile is no fault.
    await pipeline(createReadStream(file), response).catch(() => {});
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${server.address().port}`;
  try {
    return await work({ address, sent: () => sent });
  } finally {
    server.close();
  }
}

function fileOf(url) {
  const { pathname } = new URL(url, "http://localhost");
  const name = path.posix.normalize(decodeURIComponent(pathname)).slice(1);
  return FOLDERS.some((folder) => name.startsWith(`${folder}/`))
    ? path.join(root, name)
    : undefined;
}
