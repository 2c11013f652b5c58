import { isolationMark } from "../../service-worker/protocol";
import { look, register, scope } from "../offline/registration";
import { note, noted } from "../storage";
import type { Attempt, Situation } from "./decide";

/** The key of the attempt in the tab's storage and of the refusal in the browser's. */
const KEY = "resnet-web:isolation";
const REFUSED = "off";

/** The address's parameter, and what it says of a page that was reloaded. */
const PARAMETER = "isolation";
const EXPECTED = "expected";

/** What the address forbids. */
export interface Forbidden {
  /** The service worker isolates nothing. */
  isolationOff: boolean;
  /** There is no service worker. */
  offlineOff: boolean;
}

const IMPOSSIBLE: Awaited<ReturnType<typeof look>> = { possible: false };

/** Looks at the page, its address and the browser. A reload is reported once. */
export async function arrive({ isolationOff, offlineOff }: Forbidden): Promise<Situation> {
  const reloaded = takeReload();
  const { ours, possible } = offlineOff ? IMPOSSIBLE : await look().catch(() => IMPOSSIBLE);
  const attempt = noted("sessionStorage", KEY);
  return {
    isolated: globalThis.crossOriginIsolated === true,
    possible,
    turnedOn: ours !== undefined && (await caches.has(isolationMark(scope())).catch(() => false)),
    off: isolationOff,
    forEverybody: ownerWantsIt(),
    refused: noted("localStorage", KEY) === REFUSED,
    attempt: attempt === "made" || attempt === "failed" ? attempt : null,
    reloaded,
  };
}

/** Remembers in this tab what became of isolating the page. Returns whether the browser keeps it. */
export function rememberAttempt(attempt: Attempt): boolean {
  return note("sessionStorage", KEY, attempt);
}

/** Reloads the page, and lets it know why. */
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

/** Remembers whether the person wants no isolation by the service worker, whatever the site's owner wants. */
export function rememberRefusal(refused: boolean): void {
  note("localStorage", KEY, refused ? REFUSED : null);
}

/** Has the service worker isolate the page from its next load on, as soon as there is one. */
export async function startIsolating(): Promise<void> {
  await register();
  await caches.open(isolationMark(scope()));
}

/** Has it stop that. */
export async function stopIsolating(): Promise<void> {
  await caches.delete(isolationMark(scope()));
}

function ownerWantsIt(): boolean {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="resnet-web:isolation"]');
  return meta?.content === "service-worker";
}
