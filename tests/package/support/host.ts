import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** The weight file that every example loads, at the address that it asks for. */
export const WEIGHTS = {
  address: "/models/resnet50.safetensors",
  file: path.resolve("www/public/weights/resnet50.safetensors"),
};

/** What a host answers with: the files of a folder, or what a server says at a port of this machine. */
export type Content = { folder: string } | { port: number };

/** A host with the page of an example and its weights. */
export class ExampleHost {
  /** Whether it sends the headers that isolate a page. */
  isolates = false;
  readonly #content: Content;
  readonly #server = createServer((question, answer) => void this.#answer(question, answer));

  constructor(content: Content) {
    this.#content = content;
  }

  /** Begins to answer, and returns its address. */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(question: IncomingMessage, answer: ServerResponse): Promise<void> {
    const pathname = decodeURIComponent(new URL(question.url ?? "/", "http://host").pathname);
    const isolation = this.isolates ? ISOLATION : {};
    if (pathname === "/favicon.ico") {
      answer.writeHead(204).end();
      return;
    }
    if ("port" in this.#content && pathname !== WEIGHTS.address) {
      this.#pass(question, answer, this.#content.port, isolation);
      return;
    }
    const file = "port" in this.#content ? WEIGHTS.file : fileAt(pathname, this.#content.folder);
    const body = await readFile(file).catch(() => undefined);
    const type = TYPES[path.extname(file)] ?? "application/octet-stream";
    answer.writeHead(body ? 200 : 404, { "content-type": type, ...isolation });
    answer.end(body);
  }

  /** Lets the server at the port answer. */
  #pass(
    { method, url, headers }: IncomingMessage,
    answer: ServerResponse,
    port: number,
    isolation: Record<string, string>,
  ): void {
    const passed = request({ host: "localhost", port, method, path: url, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 500, { ...response.headers, ...isolation });
      response.pipe(answer);
    });
    passed.on("error", () => answer.writeHead(502).end());
    passed.end();
  }
}

function fileAt(pathname: string, folder: string): string {
  if (pathname === WEIGHTS.address) return WEIGHTS.file;
  return path.join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
}
