import { readFileSync } from "node:fs";
import path from "node:path";

/** Stands in package.json and Cargo.toml for the account until the repository has a public place. */
export const PLACEHOLDER = "OWNER";

/** The repository's address on the web, from package.json. */
export function repositoryOf(folder) {
  const { repository } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  return repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
}
