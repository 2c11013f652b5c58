import path from "node:path";
import { cargoTarget } from "./cargo-target.mjs";
import { ask } from "./query.mjs";
import { run } from "./run.mjs";
import { progressOf } from "./steps.mjs";

/** The crate with all of the CPU's unsafe code and its thread pool. Its tests need nothing else. */
const CRATE = ["-p", "resnet-web-kernels", "--lib", "--tests"];

/**
 * What watches the kernels' tests while they run: the words for cargo, the environment, and what has to be there before.
 * Each has a target folder of its own, for the standard library is compiled in another way, too.
 */
export const sanitizers = {
  /** ThreadSanitizer: data races, on real threads. The pinned compiler takes -Z where it is told that this is meant. */
  tsan: {
    args: () => ["test", ...CRATE, "-Zbuild-std", "--target", thisMachine()],
    env: {
      RUSTC_BOOTSTRAP: "1",
      RUSTFLAGS: "-Zsanitizer=thread",
      TSAN_OPTIONS: "halt_on_error=1",
      // Every load and store has a call beside it; the rest of the code may be fast.
      CARGO_PROFILE_DEV_OPT_LEVEL: "3",
    },
    ensure: () => {},
  },
  /** Miri: undefined behaviour of any kind, by interpretation. It comes with nightly compilers alone. */
  miri: {
    args: () => ["+nightly", "miri", "test", ...CRATE],
    // Worker threads wait for work as long as the process lives.
    env: { MIRIFLAGS: "-Zmiri-ignore-leaks" },
    ensure: ensureMiri,
  },
};

/** The words for `cargo` to run the kernels' tests under one of them. */
export const sanitizerArgs = (name) => [
  ...sanitizers[name].args(),
  ...["--target-dir", path.join(cargoTarget(), name)],
];

/** Runs the kernels' tests under one of them; fails where it finds anything. */
export async function sanitize(name, report) {
  const { env, ensure } = sanitizers[name];
  await ensure(report);
  await run("cargo", sanitizerArgs(name), { env, onLine: (line) => report(progressOf(line)) });
}

async function ensureMiri(report) {
  const rustup = (...args) => run("rustup", args, { onLine: (line) => report(progressOf(line)) });
  const toolchains = ask("rustup", ["toolchain", "list"]).split("\n");
  if (!toolchains.some((name) => /^nightly-\D/.test(name))) {
    await rustup("toolchain", "install", "nightly", "--profile", "minimal");
  }
  const installed = ["component", "list", "--installed", "--toolchain", "nightly"];
  const components = ask("rustup", installed).split("\n");
  // rustup lists a component with the machine it is for: "miri-x86_64-unknown-linux-gnu".
  for (const component of ["miri", "rust-src"]) {
    if (components.some((name) => name.startsWith(component))) continue;
    await rustup("component", "add", component, "--toolchain", "nightly");
  }
}

/** The machine that we run on, as Rust calls it. */
function thisMachine() {
  return ask("rustc", ["--print", "host-tuple"]).trim();
}
