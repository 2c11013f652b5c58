// Makes the page cross-origin isolated where the host cannot send the headers for it (docs/isolation.md): this service
// worker fetches the page and its workers as the browser would, and adds the headers. It keeps nothing.

const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

// A new version takes over at once: there is nothing kept that could go with the old one only.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// For whoever has no hold of the registration: navigator.serviceWorker.controller.postMessage("unregister").
self.addEventListener("message", (event) => {
  if (event.data === "unregister") event.waitUntil(self.registration.unregister());
});

// What is not answered goes its way as if there were no service worker.
self.addEventListener("fetch", (event) => {
  if (needsHeaders(event.request)) event.respondWith(withHeaders(event.request));
});

/** Documents and workers alone decide on isolation. Weights, photos and whatever is asked for in ranges pass by. */
function needsHeaders({ url, method, destination, headers }) {
  const { origin, pathname, searchParams } = new URL(url);
  if (method !== "GET" || origin !== self.location.origin || headers.has("range")) return false;
  if (destination === "worker" || destination === "sharedworker") return true;
  if (destination !== "document") return false;
  // Pages in folders below are others, which may load what an isolated page must not.
  const folder = pathname.slice(0, pathname.lastIndexOf("/") + 1);
  const isOurs = folder === new URL(self.registration.scope).pathname;
  return isOurs && searchParams.get("isolation") !== "off";
}

async function withHeaders(request) {
  const response = await fetch(request);
  // Redirects, errors and opaque responses cannot be made anew.
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
