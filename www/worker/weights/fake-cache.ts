import { vi } from "vitest";

/** What the fake browser's storage is like. */
export interface Storage {
  /** Bytes of an entry that fit into it; what does not fails when it is reached. */
  room?: number;
  /** The same of all entries together. */
  totalRoom?: number;
  /** What `navigator.storage.estimate()` reports. */
  estimate?: StorageEstimate;
  /** Takes the place of `caches.open`, to fail. */
  open?: () => Promise<never>;
  /** Called before something is stored, to fail. */
  beforePut?: (key: string) => void;
}

/** What is in the cache: a key's body and headers. */
export type Stored = Map<string, { body: Blob; headers: Headers }>;

/** Takes the place of `caches` and of `navigator.storage`. Returns what is in the cache of weights. */
export function storage({
  room = Infinity,
  totalRoom = Infinity,
  estimate,
  open,
  beforePut,
}: Storage = {}): Stored {
  const weights: Stored = new Map();
  const descriptions: Stored = new Map();
  const href = (key: RequestInfo | URL) => (key instanceof Request ? key.url : String(key));
  const cacheOf = (stored: Stored) => ({
    async match(key: RequestInfo | URL) {
      const entry = stored.get(href(key));
      return entry && new Response(entry.body.stream(), { headers: entry.headers });
    },
    async put(key: RequestInfo | URL, response: Response) {
      beforePut?.(href(key));
      const parts: Uint8Array<ArrayBuffer>[] = [];
      let length = 0;
      const reader = response.body?.getReader();
      for (;;) {
        const piece = await reader?.read();
        if (!piece || piece.done) break;
        parts.push(piece.value);
        length += piece.value.length;
        const others = [...stored].filter(([other]) => other !== href(key));
        const used = others.reduce((sum, [, { body }]) => sum + body.size, 0);
        if (length > room || used + length > totalRoom) {
          await reader?.cancel();
          throw new DOMException("no room", "QuotaExceededError");
        }
      }
      // As in browsers, what is stored anew comes last.
      stored.delete(href(key));
      stored.set(href(key), { body: new Blob(parts), headers: response.headers });
    },
    async delete(key: RequestInfo | URL) {
      return stored.delete(href(key));
    },
    async keys() {
      return [...stored.keys()].map((url) => new Request(url));
    },
  });
  const opened = [cacheOf(weights), cacheOf(descriptions)];
  const number = (name: string) => Number(name === "resnet-web-descriptions");
  vi.stubGlobal("caches", {
    open: open ?? (async (name: string) => opened[number(name)]),
    async delete(name: string) {
      [weights, descriptions][number(name)]?.clear();
      return true;
    },
  });
  vi.stubGlobal("navigator", { storage: { estimate: async () => estimate ?? {} } });
  return weights;
}

/** The browser has no cache at all, as on a page without HTTPS. */
export function noStorage(): void {
  vi.stubGlobal("caches", undefined);
  vi.stubGlobal("navigator", {});
}
