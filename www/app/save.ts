import { plain } from "./file-text";

/** Gives the person a file. */
export function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = plain(name);
  link.click();
  // The download has begun with the click; the address is not needed any longer.
  setTimeout(() => URL.revokeObjectURL(link.href));
}
