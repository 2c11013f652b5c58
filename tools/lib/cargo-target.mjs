import { ask } from "./query.mjs";

let folder;

/** Cargo's target folder, which the environment or cargo's own configuration may put elsewhere. */
export function cargoTarget() {
  const metadata = () => JSON.parse(ask("cargo", ["metadata", "--format-version=1", "--no-deps"]));
  folder ??= metadata().target_directory;
  return folder;
}
