import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's top folder; every other place is named from here. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The absolute path of something in the repository. */
export const place = (...parts) => path.join(root, ...parts);

/** What set-up installs and remembers; git-ignored, and safe to delete. */
export const toolsFolder = place(".tools");
