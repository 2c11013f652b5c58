import type { ThreadCount } from "resnet-web";
import { note, noted } from "../storage";

const KEY = "resnet-web:threads";

/** Reads a thread count as the page's address and the browser's storage write it; null for anything else. */
export function readThreads(text: string | null): ThreadCount | null {
  if (text === "auto") return text;
  return text !== null && /^[1-9]\d{0,3}$/.test(text) ? Number(text) : null;
}

/** The count the person chose last in this browser. */
export function rememberedThreads(): ThreadCount | null {
  return readThreads(noted("localStorage", KEY));
}

/** Remembers it for the next visit, where the browser lets the page. */
export function rememberThreads(count: ThreadCount): void {
  note("localStorage", KEY, count === "auto" ? null : String(count));
}
