import { note, noted } from "../storage";
import type { Attempt, Situation } from "./decide";

/** The key of the attempt in the tab's storage and of the refusal in the browser's. */
const KEY = "resnet-web:isolation";
const REFUSED = "off";

/** The address's parameter, and what it says of a page that was loaded anew. */
const PARAMETER = "isolation";
const EXPECTED = "expected";

/** How long a service worker may take to be ready, in milliseconds. */
const PATIENCE = 10_000;

/** Looks at the page, its address and the browser. That the page was loaded anew is told once. */
export async function arrive(off: boolean): Promise<Situation> {
  const reloaded = takeReload();
  const { ours, possible } = await look().catch(() => ({ ours: undefined, possible: false }));
  const attempt = noted("sessionStorage", KEY);
  return {
    isolated: globalThis.crossOriginIsolated === true,
    possible,
    registered: ours !== undefined,
    off,
    forEverybody: ownerWantsIt(),
    refused: noted("localStorage", KEY) === REFUSED,
    attempt: attempt === "made" || attempt === "failed" ? attempt : null,
    reloaded,
  };
}

/** Remembers in this tab what became of isolating the page. Tells whether the browser keeps it. */
export function rememberAttempt(attempt: Attempt): boolean {
  return note("sessionStorage", KEY, attempt);
}

/** Loads the page anew, and lets it know why. */
export function reload(): void {
  // By its address: what the page before wrote, and the isolated one removed, comes back from the tab's storage in
  // Chromium when isolation ends, and the history's state does not survive its beginning.
  const address = new URL(location.href);
  address.searchParams.set(PARAMETER, EXPECTED);
  location.replace(address);
}

function takeReload(): boolean {
  const address = new URL(location.href);
  if (address.searchParams.get(PARAMETER) !== EXPECTED) return false;
  address.searchParams.delete(PARAMETER);
  history.replaceState(history.state, "", address);
  return true;
}

/** Remembers whether the person wants no service worker, whatever the site's owner wants. */
export function rememberRefusal(refused: boolean): void {
  note("localStorage", KEY, refused ? REFUSED : null);
}

/** Registers the service worker and waits until it answers. */
export async function register(): Promise<void> {
  const registration = await navigator.serviceWorker.register(script(), {
    // A new version is found wherever the host lets scripts be cached for long.
    updateViaCache: "none",
  });
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (worker) await activated(worker);
}

/** Unregisters the service worker, if it is there. */
export async function unregister(): Promise<void> {
  const { ours } = await look();
  await ours?.unregister();
}

/** Looks for the service worker, and whether it could be registered. */
async function look(): Promise<{ ours?: ServiceWorkerRegistration; possible: boolean }> {
  // Browsers have service workers on HTTPS and localhost only. A frame is as isolated as the page around it.
  if (!navigator.serviceWorker || window.top !== window) return { possible: false };
  const found = await navigator.serviceWorker.getRegistration();
  if (!found) return { possible: true };
  const worker = found.installing ?? found.waiting ?? found.active;
  // Another one of the site's has its own work to do here, and stays.
  return worker?.scriptURL === script() ? { ours: found, possible: true } : { possible: false };
}

function script(): string {
  return new URL("./isolation-worker.js", document.baseURI).href;
}

function ownerWantsIt(): boolean {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="resnet-web:isolation"]');
  return meta?.content === "service-worker";
}

async function activated(worker: ServiceWorker): Promise<void> {
  if (worker.state === "activated") return;
  await new Promise<void>((resolve, reject) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") resolve();
      if (worker.state === "redundant") reject(new Error("its service worker fails to install."));
    });
    setTimeout(() => reject(new Error("its service worker does not start.")), PATIENCE);
  });
}
