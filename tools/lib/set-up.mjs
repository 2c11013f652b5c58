import { ensureWasmBindgen } from "./cargo-tools.mjs";
import { ensureNodePackages } from "./node-packages.mjs";
import { checkPrerequisites } from "./prerequisites.mjs";
import { ensureRustToolchain } from "./rust-toolchain.mjs";
import { step } from "./steps.mjs";

/** What building needs, installed where it is missing: only the prerequisites are not ours. */
export async function setUp() {
  checkPrerequisites();
  await step("Rust toolchain", ensureRustToolchain);
  // One waits for the network, the other compiles.
  await Promise.all([
    step("npm packages", ensureNodePackages),
    step("wasm-bindgen", ensureWasmBindgen),
  ]);
}
