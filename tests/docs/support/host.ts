import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { contentType, LocalServer } from "../../e2e/support/local-server";

/** What a host has at an address: a file's path, or its content. */
export type Answer = { path: string } | { content: string | Buffer };

/** A server without any headers for isolation, as a developer's first one. */
export class Host extends LocalServer {
  /** @param answers what is at an address, given by its path */
  constructor(private readonly answers: (pathname: string) => Answer | undefined) {
    super();
  }

  protected override async answer(
    { url = "/" }: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { pathname } = new URL(url, "http://host");
    const answer = this.answers(decodeURI(pathname));
    const content =
      answer &&
      ("content" in answer ? answer.content : await readFile(answer.path).catch(() => undefined));
    response.writeHead(content === undefined ? 404 : 200, {
      "content-type": contentType(answer && "path" in answer ? answer.path : pathname),
    });
    response.end(content ?? "");
  }
}
