import type { Stats } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Whether this is an address on the web, not a file's path or `file:` address. */
export function isWebAddress(address: string | URL): boolean {
  return /^https?:/i.test(String(address));
}

/** An address of another kind than a file's or the web's. A letter alone is a drive on Windows. */
const OTHER_ADDRESS = /^(?!file:)([a-z][a-z\d+.-]+:\/\/|data:|blob:)/i;

/**
 * The absolute path of a file, from its path or `file:` address.
 *
 * @throws Error that there can be no such file; {@link whyUnread} has the reason
 */
export function pathOf(file: string | URL): string {
  const text = String(file);
  if (text === "") throw new Error("the path is empty");
  if (OTHER_ADDRESS.test(text)) {
    throw new Error("only http:, https: and file: addresses can be read");
  }
  const isAddress = file instanceof URL || /^file:/i.test(file);
  return path.resolve(isAddress ? fileURLToPath(file) : file);
}

/** What an error's text calls a file: its absolute path, or what was given where that is none. */
export function nameOf(file: string | URL): string {
  try {
    return pathOf(file);
  } catch {
    return `"${String(file).slice(0, 100)}"`;
  }
}

/** Why a file cannot be read, as a part of a sentence. */
export function whyUnread(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ENOENT: "there is no such file",
    EISDIR: "it is a folder",
    EACCES: "reading it is not allowed",
  };
  return known[code ?? ""] ?? message;
}

/**
 * Refuses what is at a path and has no bytes of its own.
 *
 * @throws Error that {@link whyUnread} has the reason of
 */
export function checkIsFile(about: Stats): void {
  if (about.isFile()) return;
  throw new Error(about.isDirectory() ? "it is a folder" : "it is a pipe or a device, not a file");
}
