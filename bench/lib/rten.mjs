import { readFileSync } from "node:fs";
import path from "node:path";
import { ensureWasmBindgen, lockedVersion } from "../../tools/lib/cargo-tools.mjs";
import { place } from "../../tools/lib/places.mjs";
import { run } from "../../tools/lib/run.mjs";
import { whenStale } from "../../tools/lib/stamp.mjs";
import { progressOf } from "../../tools/lib/steps.mjs";

const TARGET = "wasm32-unknown-unknown";
const CRATE = path.join("bench", "rten");
/** Where the module is, from the repository's top and so on the server. */
const MODULE = path.join(".tools", "bench", "rten");

/** Builds rten's module for page/runners/rten.mjs, unless it is up to date. */
export async function ensureRten(report) {
  const job = {
    name: "bench-rten",
    inputs: [
      "rust-toolchain.toml",
      ".cargo/config.toml",
      ...["Cargo.toml", "Cargo.lock", ".cargo", "src"].map((name) => path.join(CRATE, name)),
      "bench/lib/rten.mjs",
    ],
    outputs: ["rten_race.js", "rten_race_bg.wasm"].map((file) => path.join(MODULE, file)),
  };
  const built = await whenStale(job, report, async () => {
    await ensureWasmBindgen(report);
    const target = place(MODULE, "target");
    const args = ["build", "--release", "--locked", "--target", TARGET, "--target-dir", target];
    // From its folder, where its flags are.
    await run("cargo", args, { cwd: place(CRATE), onLine: (line) => report(progressOf(line)) });
    const compiled = path.join(target, TARGET, "release", "rten_race.wasm");
    // No wasm-opt: at -O2 it takes a sixth longer for a ResNet-18.
    await run("wasm-bindgen", ["--target", "web", "--out-dir", place(MODULE), compiled]);
  });
  return built ? undefined : "up to date";
}

/** Its version, as a crate. */
export function rtenVersion() {
  return lockedVersion(readFileSync(place(CRATE, "Cargo.lock"), "utf8"), "rten");
}
