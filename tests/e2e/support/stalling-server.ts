import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that sends the first half of a file, and the rest never. */
export class StallingServer {
  readonly #answers = new Set<ServerResponse>();
  readonly #server = createServer((_, response) => {
    this.#answers.add(response);
    response.on("close", () => this.#answers.delete(response));
    response.writeHead(200, {
      "content-length": this.file.length,
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
    });
    response.write(this.file.subarray(0, this.file.length >> 1));
  });

  constructor(readonly file: Buffer) {}

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  /** The file's address. */
  get address(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/slow.safetensors`;
  }

  /** How many downloads are under way. */
  get underWay(): number {
    return this.#answers.size;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
