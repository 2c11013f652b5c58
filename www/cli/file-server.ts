import { createServer, type IncomingMessage, type Server } from "node:http";
import sirv from "sirv";

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
 * Serves the files of a folder, as they are now: only those that are in it when this is called, without those that begin with
 * a dot. Whatever an address says, no other file is read.
 */
export function fileServer(folder: string): Server {
  const files = sirv(folder, {
    etag: true,
    setHeaders(response, pathname) {
      if (/\.(safetensors|bpk|pth)$/.test(pathname)) {
        response.setHeader("Content-Type", "application/octet-stream");
      }
    },
  });
  return createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { Allow: "GET, HEAD" }).end();
      return;
    }
    if (!isSimpleRange(request)) delete request.headers.range;
    files(request, response);
  });
}

/** Whether a range is of a kind that sirv knows: others may be answered with the whole file. */
function isSimpleRange({ headers }: IncomingMessage): boolean {
  const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
  // Its ETags are weak, so no condition of a range holds.
  if (start === undefined || headers["if-range"] !== undefined) return false;
  return !end || Number(start) <= Number(end);
}
