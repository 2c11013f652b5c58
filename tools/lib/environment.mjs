import { homedir } from "node:os";
import path from "node:path";
import { toolsFolder } from "./places.mjs";

/**
 * The environment our child processes run in: our own tools first on the PATH, so that wasm-pack
 * finds the wasm-bindgen of the right version, and cargo's folder, which a shell opened before Rust
 * was installed does not know yet.
 */
export function environment(extra = {}) {
  const cargoHome = process.env.CARGO_HOME || path.join(homedir(), ".cargo");
  const folders = [path.join(toolsFolder, "bin"), path.join(cargoHome, "bin")];
  if (process.env.PATH) folders.push(process.env.PATH);
  return { ...process.env, ...extra, PATH: folders.join(path.delimiter) };
}
