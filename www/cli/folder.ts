import { existsSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";

/**
 * Makes a folder and those around it, where they are missing. Not by `mkdirSync` with `recursive`: where a file system takes no
 * folders, as /proc, that tries for ever in Node 20 and 22.
 *
 * @throws the system's error
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  const around = path.dirname(path.resolve(folder));
  if (!existsSync(around)) makeFolder(around);
  mkdirSync(folder);
}
