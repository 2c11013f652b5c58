import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { lookup } from "mrmime";

/** The headers that isolate a page. */
export const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** The content type of a file, by the end of its name. */
export function contentType(file: string): string {
  const type = lookup(file) ?? "application/octet-stream";
  return type === "text/html" ? `${type};charset=utf-8` : type;
}

/** A server on this machine, on a port of its own. */
export abstract class LocalServer {
  readonly #server = createServer((question, answer) => void this.answer(question, answer));
  #port = 0;

  /** Begins to answer, on the same port as before it was closed. */
  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Its port, once it has been open. */
  get port(): number {
    return this.#port;
  }

  /** Its address without a path. */
  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** From now on nothing answers. */
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  protected abstract answer(question: IncomingMessage, answer: ServerResponse): unknown;
}
