import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { lookup } from "mrmime";

/** What makes a page cross-origin isolated, so that its threads may share memory (docs/isolation.md); and safe to open. */
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "frame-ancestors 'self'",
  // Files are asked for again, and not sent again.
  "Cache-Control": "no-cache",
};

/**
 * Serves the files of a folder, as they are when they are asked for, without those that begin with a dot. A folder's page is its
 * index.html. Whatever an address or a symbolic link says, no file outside of the folder is read.
 */
export function fileServer(folder: string): Server {
  return createServer((request, response) => {
    answer(folder, request, response).catch(() => response.destroy());
  });
}

async function answer(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { Allow: "GET, HEAD" }).end();
    return;
  }
  const file = await fileAt(folder, request.url ?? "/");
  const handle = file && (await open(file).catch(() => null));
  if (!handle) {
    response.writeHead(404).end();
    return;
  }
  try {
    await send(file, handle, request, response);
  } finally {
    await handle.close();
  }
}

/** The file that an address names, if it is one of the folder's. */
async function fileAt(folder: string, address: string): Promise<string | null> {
  try {
    const root = await realpath(folder);
    const [name = ""] = address.split(/[?#]/);
    const named = await realpath(path.join(root, decodeURIComponent(name)));
    const isFolder = (await stat(named)).isDirectory();
    const file = isFolder ? await realpath(path.join(named, "index.html")) : named;
    const within = path.relative(root, file);
    const isOurs = !path.isAbsolute(within) && !/(^|[\\/])\./.test(within);
    return isOurs && (await stat(file)).isFile() ? file : null;
  } catch {
    return null;
  }
}

/** Sends a file, or the part of it that is asked for. */
async function send(
  file: string,
  handle: FileHandle,
  { method, headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { size, mtime, mtimeMs } = await handle.stat();
  const type = lookup(file) ?? "application/octet-stream";
  const etag = `W/"${size}-${mtimeMs}"`;
  response.setHeader("Content-Type", type === "text/html" ? `${type};charset=utf-8` : type);
  response.setHeader("Last-Modified", mtime.toUTCString());
  response.setHeader("ETag", etag);
  response.setHeader("Accept-Ranges", "bytes");
  if (headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) {
    response.writeHead(304).end();
    return;
  }
  const range = rangeOf(headers);
  if (range && range.start >= size) {
    response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
    return;
  }
  const start = range?.start ?? 0;
  const end = Math.min(range?.end ?? size - 1, size - 1);
  const length = end - start + 1;
  response.writeHead(range ? 206 : 200, {
    "Content-Length": length,
    ...(range && { "Content-Range": `bytes ${start}-${end}/${size}` }),
  });
  if (method === "HEAD" || length === 0) {
    response.end();
    return;
  }
  const pieces = handle.createReadStream({ start, end, autoClose: false });
  await pipeline(pieces, response, { end: false });
  // A file that became shorter meanwhile: its reader would wait for the rest.
  if (pieces.bytesRead < length) response.destroy();
  else response.end();
}

/** The part that is asked for, if it is one part by its first byte. Others may be answered with the whole file. */
function rangeOf(headers: IncomingMessage["headers"]): { start: number; end?: number } | null {
  const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
  // ETags here are weak, so no condition of a range holds.
  if (start === undefined || headers["if-range"] !== undefined) return null;
  if (!end) return { start: Number(start) };
  return Number(start) <= Number(end) ? { start: Number(start), end: Number(end) } : null;
}
