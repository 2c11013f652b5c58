import { PrecacheController, type PrecacheEntry } from "workbox-precaching";
import { answer, type Keeper } from "./answer";
import { isolationMark, type Kept, type Message, pageCache, TAKEN_OVER } from "./protocol";

declare const self: ServiceWorkerGlobalScope & {
  /** The page's files, listed when it is built. */
  __WB_MANIFEST: PrecacheEntry[];
};

const { scope } = self.registration;
const files = new PrecacheController({ cacheName: pageCache(scope) });
files.addToCacheList(self.__WB_MANIFEST);

// Where the browser's storage fails, the network is there as if nothing were kept.
const keeper: Keeper = {
  scope,
  lists: (address) => files.getCacheKeyForURL(address) !== undefined,
  kept: (address) => files.matchPrecache(address).catch(() => undefined),
  isWhole: () => isWhole().catch(() => false),
  isolates: () => caches.has(isolationMark(scope)).catch(() => false),
};

// A new version has all its files before it is offered. The first one is there at once, because isolation may wait for it,
// and is told when to keep them, because what the page itself needs comes first.
self.addEventListener("install", (event) => {
  if (self.registration.active) files.install(event);
});

/** Whether somebody asked for this version before the one that was there was gone. */
let isWanted = false;

self.addEventListener("activate", (event) => {
  files.activate(event);
  event.waitUntil(begin());
});

self.addEventListener("message", (event) => {
  const message: Message = event.data;
  if (message === "keep") event.waitUntil(keep(event));
  if (message === "take-over") {
    isWanted = true;
    event.waitUntil(self.skipWaiting());
  }
  if (message === "unregister") event.waitUntil(unregister());
});

self.addEventListener("fetch", (event) => {
  const response = answer(event.request, keeper);
  if (response) event.respondWith(response);
});

async function isWhole(): Promise<boolean> {
  const cache = await caches.open(pageCache(scope));
  const kept = new Set((await cache.keys()).map(({ url }) => url));
  return [...files.getURLsToCacheKeys().values()].every((key) => kept.has(key));
}

/** Keeps what is not kept yet, and tells whether that is all now. */
async function keep(event: ExtendableMessageEvent): Promise<void> {
  const tell = (kept: Kept) => event.ports[0]?.postMessage(kept);
  try {
    // For Workbox this is what belongs to an installation, at whatever time.
    const waitUntil = (work: Promise<unknown>) => event.waitUntil(work.catch(() => {}));
    await files.install({ type: "install", waitUntil } as ExtendableEvent);
    tell({ kept: true });
  } catch {
    // No room, no network, a file that is not there: the page works all the same, and asks again at the next visit.
    tell({ kept: false });
  }
}

async function begin(): Promise<void> {
  await self.clients.claim();
  if (!isWanted) return;
  for (const client of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) {
    if (client.url.startsWith(scope)) client.postMessage(TAKEN_OVER);
  }
}

async function unregister(): Promise<void> {
  await self.registration.unregister();
  await Promise.all([caches.delete(pageCache(scope)), caches.delete(isolationMark(scope))]);
}
