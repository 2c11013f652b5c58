import { readFile } from "node:fs/promises";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import path from "node:path";
import { contentType, ISOLATION, LocalServer } from "../../e2e/support/local-server";

/** The weight file that every example loads, at the address that it asks for. */
export const WEIGHTS = {
  address: "/models/resnet50.safetensors",
  file: path.resolve("www/public/weights/resnet50.safetensors"),
};

/** What a host answers with: the files of a folder, or what a server says at a port of this machine. */
export type Content = { folder: string } | { port: number };

/** A host with the page of an example and its weights. */
export class ExampleHost extends LocalServer {
  /** Whether it sends the headers that isolate a page. */
  isolates = false;
  readonly #content: Content;

  constructor(content: Content) {
    super();
    this.#content = content;
  }

  protected override async answer(
    question: IncomingMessage,
    answer: ServerResponse,
  ): Promise<void> {
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
    answer.writeHead(body ? 200 : 404, { "content-type": contentType(file), ...isolation });
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
