// Earlier versions of the page had a service worker here that did nothing but isolate it. service-worker.js does that now.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.registration.unregister()));
