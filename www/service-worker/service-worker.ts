import { PrecacheController, type PrecacheEntry } from "workbox-precaching";
import { isolationMark, type Kept, type Message, pageCache, TAKEN_OVER } from "./protocol";
import { type Keeper, respond } from "./respond";
import { UpCheck } from "./up-check";
import { within } from "./within";

declare const self: ServiceWorkerGlobalScope & {
  /** The page's files, listed when it is built. */
  __WB_MANIFEST: PrecacheEntry[];
};

const { scope } = self.registration;
const files = new PrecacheController({ cacheName: pageCache(scope) });
files.addToCacheList(self.__WB_MANIFEST);

const keeper: Keeper = {
  scope,
  lists: (address) => files.getCacheKeyForURL(address) !== undefined,
  kept: (address) => files.matchPrecache(address),
  isWhole,
  isolates: () => caches.has(isolationMark(scope)),
};

/** How long the activation may take, in milliseconds: until it is over, browsers hold all requests back. */
const ACTIVATION_LIMIT = 5_000;

// A new version has all its files before it is offered. The first one is there at once, because isolation may wait for it,
// and is notified when to keep them, because what the page itself needs comes first.
self.addEventListener("install", (event) => {
  if (self.registration.active) event.waitUntil(precache().then(replaceBroken));
});

/** Whether a person asked for this version before the one that was there was gone. */
let isWanted = false;

self.addEventListener("activate", (event) => {
  // Not part of the activation: Firefox has every client say that it has heard of it, workers too, and the page's threads
  // sleep (`Atomics.wait`) and hear nothing. It would hold back all requests until the tab is closed.
  self.clients.claim().catch(() => {});
  event.waitUntil(within(ACTIVATION_LIMIT, Promise.all([tidy(), tellPages()]), null));
});

const upCheck = new UpCheck();

self.addEventListener("message", (event) => {
  const message: Message = event.data;
  if (message === "keep") event.waitUntil(keep(event));
  if (message === "take-over") {
    isWanted = true;
    event.waitUntil(self.skipWaiting());
  }
  if (message === "replace") event.waitUntil(self.skipWaiting());
  if (message === "up") upCheck.hear();
  if (message === "page-opens") event.waitUntil(replaceBroken());
  if (message === "unregister") event.waitUntil(unregister());
});

self.addEventListener("fetch", (event) => {
  const response = respond(event.request, keeper);
  if (!response) return;
  event.respondWith(response);
  if (event.request.destination === "document") tell(self.registration.waiting, "page-opens");
});

async function isWhole(): Promise<boolean> {
  const cache = await caches.open(pageCache(scope));
  const kept = new Set((await cache.keys()).map(({ url }) => url));
  return [...files.getURLsToCacheKeys().values()].every((key) => kept.has(key));
}

/** Keeps what is not kept yet. */
async function precache(): Promise<void> {
  // For Workbox this is what belongs to an installation, at whatever time.
  await files.install({ type: "install", waitUntil: () => {} } as unknown as ExtendableEvent);
}

/** Drops what is kept of the version before. */
async function tidy(): Promise<void> {
  await files.activate({ type: "activate", waitUntil: () => {} } as unknown as ExtendableEvent);
}

/** The keeping that is under way: a page asks again where no answer comes. */
let keeping: Promise<void> | undefined;

/** Keeps what is not kept yet, and answers whether that is all now. */
async function keep(event: ExtendableMessageEvent): Promise<void> {
  const reply = (kept: Kept) => event.ports[0]?.postMessage(kept);
  try {
    keeping ??= precache().finally(() => {
      keeping = undefined;
    });
    await keeping;
    reply({ kept: true });
  } catch {
    // No room, no network, a file that is not there: the page works all the same, and asks again at the next visit.
    reply({ kept: false });
  }
}

/** Takes the place of the version before where its page does not come up: a person could not ask for it there. */
async function replaceBroken(): Promise<void> {
  if (await upCheck.fails(pages)) await self.skipWaiting();
}

/** Has the pages of the version before loaded anew, where a person asked for this one. */
async function tellPages(): Promise<void> {
  if (!isWanted) return;
  for (const page of await pages()) page.postMessage(TAKEN_OVER);
}

/** The page's windows, whichever version they are of. */
async function pages(): Promise<WindowClient[]> {
  const own = [scope, new URL("index.html", scope).href];
  const clients = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return clients.filter(({ url }) => own.includes(url.replace(/[?#].*/, "")));
}

function tell(worker: ServiceWorker | null, message: Message): void {
  worker?.postMessage(message);
}

async function unregister(): Promise<void> {
  await self.registration.unregister();
  await Promise.all([caches.delete(pageCache(scope)), caches.delete(isolationMark(scope))]);
}
