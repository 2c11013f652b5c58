import { ResNetError } from "../../protocol/errors";
import { baseAddress } from "./base-address";

/** Scripts of workers that import one of another origin, by the address of that. */
const imports = new Map<string, string>();

/** Starts the library's workers. */
export class Workers {
  /** The folder of the package's files, with a slash at its end; undefined where a bundler has placed them. */
  readonly #folder: URL | undefined;

  /** @param assets the folder's address, absolute or relative to the document or the worker that this runs in */
  constructor(assets?: string | URL) {
    this.#folder = assets === undefined ? undefined : folderAt(assets);
  }

  // Literal addresses: bundlers see them and keep the workers beside the JavaScript.

  /** The worker that runs the network. */
  engine(): Worker {
    return (
      this.#fromFolder("worker.js") ??
      new Worker(new URL("../../worker/worker.ts", import.meta.url), { type: "module" })
    );
  }

  /** The worker that fetches weights. */
  weights(): Worker {
    return (
      this.#fromFolder("weights-worker.js") ??
      new Worker(new URL("../../worker/weights/store.ts", import.meta.url), { type: "module" })
    );
  }

  /** A worker thread of the one that runs the network. */
  thread(): Worker {
    return (
      this.#fromFolder("thread.js", "resnet-web-thread") ??
      new Worker(new URL("../../worker/threads/thread.ts", import.meta.url), {
        type: "module",
        name: "resnet-web-thread",
      })
    );
  }

  #fromFolder(file: string, name = ""): Worker | undefined {
    if (!this.#folder) return undefined;
    const script = new URL(file, this.#folder);
    const isOwn = script.origin === globalThis.location.origin;
    return new Worker(isOwn ? script : importing(script.href), { type: "module", name });
  }
}

function folderAt(assets: string | URL): URL {
  let folder: URL;
  try {
    folder = new URL(assets, baseAddress());
  } catch (cause) {
    throw new ResNetError(
      "address",
      `“${assets}” is no address of a folder. Pass one like https://example.org/resnet-web/ or /resnet-web/ as \`assets\`.`,
      { cause },
    );
  }
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  return folder;
}

/**
 * A script of this origin that imports one of another. Browsers start workers from their own origin alone, but a worker may
 * import from anywhere that allows it by CORS.
 */
function importing(script: string): string {
  const known = imports.get(script);
  if (known) return known;
  const text = `import ${JSON.stringify(script)};`;
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  imports.set(script, address);
  return address;
}
