import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { contentType, ISOLATION, LocalServer } from "./local-server";

/** Where the page lies on the host. */
const FOLDER = "/some/folder/";

/** What the host answers instead of a file: a text, made of the file's, other bytes, or a status such as 404. */
export type Change = (file: string) => string | Buffer | number | Promise<string>;

/** A static host with the built page in a folder, as GitHub Pages; or with the files of another folder. */
export class StaticHost extends LocalServer {
  readonly #root: string;
  /** Whether it sends the headers that isolate a page. */
  isolates = false;
  /** What it sends besides. */
  headers: Record<string, string> = {};
  /** By which name of this machine its address has it: pages of another one are another site's. */
  site: "127.0.0.1" | "localhost" = "127.0.0.1";
  /** More headers that it sends with a file, by the file's name in the page's folder. */
  headersOf: (file: string) => Record<string, string> = () => ({});
  readonly #changes = new Map<string, Change>();

  constructor(root = "dist") {
    super();
    this.#root = root;
  }

  /** The page's address, once the host has been open. */
  get address(): string {
    return `http://${this.site}:${this.port}${FOLDER}`;
  }

  /** From now on `file`, in the page's folder, is something else. */
  change(file: string, change: Change): void {
    this.#changes.set(file, change);
  }

  /** From now on `file` is as it was built again. */
  restore(file: string): void {
    this.#changes.delete(file);
  }

  protected override async answer(
    { url = "/" }: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { pathname } = new URL(url, "http://host");
    const name = pathname.startsWith(FOLDER) && (pathname.slice(FOLDER.length) || "index.html");
    const file = name && (await readFile(path.join(this.#root, name)).catch(() => undefined));
    const change = name && this.#changes.get(name);
    const answer = (change ? await change(String(file ?? "")) : file) || 404;
    const isStatus = typeof answer === "number";
    response.writeHead(isStatus ? answer : 200, {
      "content-type": contentType(name || ""),
      // A later visit may find the page in the browser's cache, as it came.
      "cache-control": "max-age=600",
      ...(this.isolates && ISOLATION),
      ...this.headersOf(name || ""),
      ...this.headers,
    });
    response.end(isStatus ? "" : answer);
  }
}
