import type { IncomingMessage, ServerResponse } from "node:http";
import { LocalServer } from "./local-server";

/** A server that sends the first half of a file, and the rest never. */
export class StallingServer extends LocalServer {
  readonly #answers = new Set<ServerResponse>();

  constructor(readonly file: Buffer) {
    super();
  }

  /** The file's address. */
  get address(): string {
    return `${this.origin}/slow.safetensors`;
  }

  /** How many downloads are under way. */
  get underWay(): number {
    return this.#answers.size;
  }

  protected override answer(_: IncomingMessage, response: ServerResponse): void {
    this.#answers.add(response);
    response.on("close", () => this.#answers.delete(response));
    response.writeHead(200, {
      "content-length": this.file.length,
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
    });
    response.write(this.file.subarray(0, this.file.length >> 1));
  }
}
