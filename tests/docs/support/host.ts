import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".wasm": "application/wasm",
};

/** What a host has at an address: a file's path, or its content. */
export type Answer = { path: string } | { content: string | Buffer };

/** A server without any headers for isolation, as a developer's first one. */
export class Host {
  readonly #server = createServer(({ url }, response) => void this.#answer(url ?? "/", response));

  /** @param answers what is at an address, given by its path */
  constructor(private readonly answers: (pathname: string) => Answer | undefined) {}

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(url, "http://host");
    const answer = this.answers(decodeURI(pathname));
    const content =
      answer &&
      ("content" in answer ? answer.content : await readFile(answer.path).catch(() => undefined));
    response.writeHead(content === undefined ? 404 : 200, {
      "content-type":
        TYPES[path.extname(answer && "path" in answer ? answer.path : pathname)] ??
        "application/octet-stream",
    });
    response.end(content ?? "");
  }
}
