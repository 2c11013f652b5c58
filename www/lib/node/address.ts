import path from "node:path";
import { fileURLToPath } from "node:url";

/** Whether this is an address on the web, not a file's path or `file:` address. */
export function isWebAddress(address: string | URL): boolean {
  return /^https?:/i.test(String(address));
}

/** The absolute path of a file, from its path or `file:` address. */
export function pathOf(file: string | URL): string {
  const isAddress = file instanceof URL || file.startsWith("file:");
  return path.resolve(isAddress ? fileURLToPath(file) : file);
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
