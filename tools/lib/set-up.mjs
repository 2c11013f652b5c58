import { ensureWasmBindgen } from "./cargo-tools.mjs";
import { ensureNodePackages } from "./node-packages.mjs";
import { checkPrerequisites } from "./prerequisites.mjs";
import { ensureRustToolchain } from "./rust-toolchain.mjs";
import { step } from "./steps.mjs";

/** What building needs, installed where it is missing: only the prerequisites are not ours. */
export async function setUp() {
  checkPrerequisites();
  await step("Rust toolchain", ensureRustToolchain);
  await step("npm packages", ensureNodePackages);
  await step("wasm-bindgen", ensureWasmBindgen);
}
