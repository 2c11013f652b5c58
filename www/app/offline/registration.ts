import { isolationMark, type Kept, type Message, pageCache } from "../../service-worker/protocol";

/** How long a service worker may take to be ready, in milliseconds. */
const START_LIMIT = 10_000;

/** How often its state is looked at, in milliseconds. */
const LOOK_AGAIN = 1000;

/** After how long it is asked once more what it has not answered, in milliseconds. */
const ASK_AGAIN = 20_000;

/** Looks for the page's service worker, and whether it could be registered without getting in anybody's way. */
export async function look(): Promise<{ ours?: ServiceWorkerRegistration; possible: boolean }> {
  // Browsers have service workers on HTTPS and localhost only. A frame is as isolated as the page around it, and what it
  // keeps is its own. The dev server's page changes all the time.
  const isAllowed = navigator.serviceWorker && window.top === window && import.meta.env.PROD;
  if (!isAllowed) return { possible: false };
  const found = await navigator.serviceWorker.getRegistration();
  if (!found) return { possible: true };
  const worker = found.active ?? found.waiting ?? found.installing;
  // Another one of the site's has its own work to do here, and stays.
  return worker?.scriptURL === script() ? { ours: found, possible: true } : { possible: false };
}

/** Registers the service worker and waits until there is one that answers. */
export async function register(): Promise<{
  registration: ServiceWorkerRegistration;
  active: ServiceWorker;
}> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error("its service worker does not start.")), START_LIMIT);
  });
  const registering = navigator.serviceWorker.register(script(), {
    // A new version is found wherever the host lets scripts be cached for long.
    updateViaCache: "none",
  });
  // It waits for whatever the browser does with the service worker at the time.
  const registration = await Promise.race([registering, late]);
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (!worker) throw new Error("its service worker is not there.");
  return { registration, active: await Promise.race([activated(worker), late]) };
}

/** Removes the service worker with all that it keeps. */
export async function remove(): Promise<void> {
  const { ours } = await look();
  await ours?.unregister();
  await Promise.all([caches.delete(pageCache(scope())), caches.delete(isolationMark(scope()))]);
}

/**
 * Has a service worker keep the page's files. Returns whether all of them are kept.
 *
 * It is asked again until it answers: a browser ends a service worker when it likes, and its answer with it.
 *
 * @throws if another version has taken its place
 */
export async function keep(worker: ServiceWorker): Promise<boolean> {
  while (worker.state !== "redundant") {
    const { port1, port2 } = new MessageChannel();
    try {
      const kept = await new Promise<boolean | undefined>((resolve) => {
        port1.onmessage = ({ data }: MessageEvent<Kept>) => resolve(data.kept);
        setTimeout(resolve, ASK_AGAIN);
        send(worker, "keep", [port2]);
      });
      if (kept !== undefined) return kept;
    } finally {
      port1.close();
    }
  }
  throw new Error("its service worker is gone.");
}

/** Has a service worker that waits take the place of the one before, and waits until it has. */
export async function replace(waiting: ServiceWorker): Promise<ServiceWorker> {
  send(waiting, "replace");
  return activated(waiting);
}

/** Sends a service worker a message. */
export function send(worker: ServiceWorker, message: Message, ports: MessagePort[] = []): void {
  worker.postMessage(message, ports);
}

/** The page's folder, for which the service worker is. */
export function scope(): string {
  return new URL("./", document.baseURI).href;
}

function script(): string {
  return new URL("./service-worker.js", document.baseURI).href;
}

/**
 * Waits until a service worker is active and receives messages. It may still be activating: WebKit sometimes never reports
 * the end of that to a page that was loaded meanwhile. So its state is looked at as well as listened for.
 */
async function activated(worker: ServiceWorker): Promise<ServiceWorker> {
  while (worker.state !== "activating" && worker.state !== "activated") {
    if (worker.state === "redundant") throw new Error("its service worker fails to install.");
    await new Promise((resolve) => {
      worker.addEventListener("statechange", resolve, { once: true });
      setTimeout(resolve, LOOK_AGAIN);
    });
  }
  return worker;
}
