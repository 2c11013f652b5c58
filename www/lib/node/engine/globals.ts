/**
 * What the engine expects of a browser's worker and Node's has not: this module is imported before any other one in a worker
 * of Node's, and sets it up. Nothing of it is seen outside of that worker.
 */

import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parentPort } from "node:worker_threads";
import { ReaderSync } from "./file-bytes";

if (!parentPort) throw new Error("This module is for worker threads alone.");
const port = parentPort;

/** `fetch`, from files as well: the wasm modules and the labels are beside this script. */
async function fetchOrRead(input: Parameters<typeof fetch>[0], init?: RequestInit) {
  const address = input instanceof Request ? input.url : String(input);
  if (!address.startsWith("file:")) return fetchOnly(input, init);
  const type = address.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
  return new Response(await readFile(new URL(address)), { headers: { "Content-Type": type } });
}
const fetchOnly = globalThis.fetch;

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

define("self", globalThis);
define("fetch", fetchOrRead);
define("FileReaderSync", ReaderSync);
// Threads may share memory in Node without any header.
define("crossOriginIsolated", true);
// The session asks for it before it reads an image; here pixels.ts reads them, which needs none.
define("OffscreenCanvas", class {});
define("navigator", { hardwareConcurrency: availableParallelism() });
define("postMessage", (message: unknown, { transfer = [] }: { transfer?: [] } = {}) =>
  port.postMessage(message, transfer),
);
define("addEventListener", (type: string, listen: (event: object) => void) => {
  if (type === "message") port.on("message", (data) => listen({ data }));
});

/**
 * The wasm module frees what it has read by transferring it to a port whose other end is closed. Deno would keep it for ever,
 * so there nothing is sent that cannot be received.
 */
class SparingChannel extends MessageChannel {
  constructor() {
    super();
    const { port1, port2 } = this;
    const close = port2.close.bind(port2);
    port2.close = () => {
      port1.postMessage = () => {};
      close();
    };
  }
}
if ("Deno" in globalThis) define("MessageChannel", SparingChannel);
