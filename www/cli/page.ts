import { existsSync } from "node:fs";
import path from "node:path";
import { UsageError } from "./command";

/** The built page, as the package has it. */
export const PAGE = path.join(import.meta.dirname, "page");
/** The default weights' manifest in the page. */
export const MANIFEST = path.join("weights", "manifest.json");

/** The weights of the command line, or else the default ones. */
export function weightsOr(given: string | undefined): string {
  const own = path.join(PAGE, MANIFEST);
  if (given !== undefined) return given;
  if (existsSync(own)) return own;
  throw new UsageError("This package comes without weights: name a weight file with --weights.");
}
