import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cargoTarget } from "./cargo-target.mjs";
import { place, toolsFolder } from "./places.mjs";
import { run } from "./run.mjs";
import { isFresh, whenStale } from "./stamp.mjs";
import { progressOf } from "./steps.mjs";

const KIB = 1024;
const TARGET = "wasm32-unknown-unknown";

/**
 * The wasm modules, all of one source: the cargo features of each, the `inputs` that it has beyond
 * those of all, whether its memory is `shared` between threads, what wasm-opt does to it (null:
 * nothing) and how large its wasm and JavaScript may be together after Brotli.
 *
 * The level for wasm-opt was measured, and the higher ones lose. -O2, -O3, -Os and -Oz make the CPU
 * module 5 to 10 % smaller, but its Brotli form 8 to 10 % larger. And -O3 makes functions so large
 * that V8 takes longer to compile them: the first runs take two to three times as long, and later
 * ones are no faster.
 */
export const modules = {
  cpu: { features: [], optimise: ["-O1"], budget: 375 * KIB },
  // Fused multiply-add, where the browser has it.
  "cpu-relaxed": { features: ["relaxed-simd"], optimise: ["-O1"], budget: 375 * KIB },
  // Both on several threads, where the page may share memory between them.
  "cpu-relaxed-threads": {
    features: ["relaxed-simd", "threads"],
    shared: true,
    optimise: ["-O1"],
    budget: 375 * KIB,
  },
  "cpu-threads": { features: ["threads"], shared: true, optimise: ["-O1"], budget: 375 * KIB },
  // Three times the code, at which wasm-opt would be for minutes.
  webgpu: {
    features: ["webgpu"],
    inputs: ["crates/gpu"],
    optimise: null,
    budget: 1.2 * KIB * KIB,
  },
};

/** The module that converts weight files, for the package's command line. It is of a crate of its own and runs no network. */
export const CONVERTER = "convert";
const converter = {
  crate: "resnet-web-convert-web",
  features: [],
  inputs: ["crates/convert", "crates/convert-web"],
  optimise: ["-O1"],
};

/** What is known of a module, the converter included. */
const described = (name) => (name === CONVERTER ? converter : modules[name]);

/**
 * What rustc and its linker need for memory that threads share: a standard library with atomics,
 * which none is delivered with, and the names by which wasm-bindgen gives each thread its own part.
 * -Z is for nightly compilers alone, unless a stable one is told that this is meant.
 */
export const FOR_SHARED_MEMORY = {
  args: ["-Z", "build-std=std,panic_abort"],
  env: {
    RUSTC_BOOTSTRAP: "1",
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: [
      "target-feature=+simd128,+atomics,+bulk-memory",
      "link-arg=--shared-memory",
      "link-arg=--import-memory",
      // Addresses are set aside for all of it at once; a telephone has not more to give. src/classifier/memory.rs relies on it.
      `link-arg=--max-memory=${2 ** 31}`,
      ...["__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base"].map(
        (name) => `link-arg=--export=${name}`,
      ),
    ]
      .map((option) => `-C ${option}`)
      .join(" "),
  },
};

/**
 * How the machine code is made, of all crates, for they are linked before it is. LLVM's loop strength
 * reduction is off: it writes addresses so that WebAssembly's loads cannot take the constant part of
 * them in, and each load in the product's inner loop then needs an addition.
 */
const CODE_GENERATION = ["-C", "llvm-args=-disable-lsr"];

/** What rustc may use in its output, which wasm-opt has to be told of. */
const WASM_FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "call-indirect-overlong",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "relaxed-simd",
  "sign-ext",
  "simd",
  "threads",
];

/** What goes into every module: the rest of the repository may change, and none is built again. */
const COMMON_INPUTS = [
  "Cargo.toml",
  "Cargo.lock",
  "rust-toolchain.toml",
  ".cargo/config.toml",
  "crates/core",
  "crates/kernels",
  "src",
  "tools/lib/wasm-module.mjs",
];
/** What goes into the module of this name. */
export function moduleInputs(name) {
  return [...COMMON_INPUTS, ...(described(name).inputs ?? [])];
}
/** Native only, or of tests. */
const NOT_IN_MODULES = ["crates/core/tests", "crates/kernels/tests", "src/bin"];

/** The file with the types that wasm-bindgen wrote for a module. */
export const TYPES = "exports.d.ts";

/** The folder of the types that a module has: some modules have the same. */
export function typesFolder(name) {
  if (name === CONVERTER) return name;
  return modules[name].shared ? "cpu-threads" : "cpu";
}

/** Where a module is built to. */
export const moduleFolder = (name) => path.join("www", "wasm", name);
/** Where `npm run dev` builds a module: the modules of the built page stay as they are. */
export const devModuleFolder = (name) => path.join(".tools", "wasm-dev", name);

/** The job of building a module, as it is done once for the same inputs. */
function jobOf(name) {
  const { features, shared = false, optimise } = described(name);
  return {
    name: `wasm-${name}`,
    inputs: moduleInputs(name),
    except: NOT_IN_MODULES,
    facts: {
      features,
      code: CODE_GENERATION,
      ...(shared && FOR_SHARED_MEMORY),
      optimise,
      binaryen: optimise && binaryenVersion(),
    },
    outputs: ["resnet_web.js", TYPES, "resnet_web_bg.wasm"].map((file) =>
      path.join(moduleFolder(name), file),
    ),
  };
}

/** Whether a module is there, built from the sources as they are. */
export const isModuleBuilt = (name) => isFresh(jobOf(name));

/**
 * Builds one of the modules, unless it is there already, built from the same sources.
 *
 * @param isBehind whether it is built while a person uses the machine for something else
 */
export async function buildModule(name, report, { isBehind = false } = {}) {
  const { crate, features, shared = false, optimise } = described(name);
  const built = await whenStale(jobOf(name), report, async () => {
    const options = { crate, features, shared, profile: "release", isBehind };
    const compiled = await compile(options, report);
    const fresh = path.join(toolsFolder, "wasm-new", name);
    rmSync(fresh, { recursive: true, force: true });
    await bind(compiled, fresh, typesOf(name), report);
    if (optimise) await optimiseIn(fresh, optimise, report, isBehind);
    replaceFolder(place(moduleFolder(name)), fresh);
  });
  return built ? undefined : "up to date";
}

/**
 * Does `work` for each of the modules, two at a time where they do not wait for one another: cargo compiles those with
 * threads into a folder of their own, and the others one after the other. The first failure is thrown when all have ended.
 */
export async function forModules(names, work) {
  const queues = [false, true].map((shared) =>
    names.filter((name) => Boolean(described(name).shared) === shared),
  );
  const ends = await Promise.allSettled(
    queues.map(async (queue) => {
      for (const name of queue) await work(name);
    }),
  );
  const failure = ends.find(({ status }) => status === "rejected");
  if (failure) throw failure.reason;
}

/**
 * Builds a module to work on, into its devModuleFolder: compiled in seconds after a change, not optimised as a whole.
 */
export async function buildDevModule(name, report) {
  const { features, shared = false } = modules[name];
  const compiled = await compile({ features, shared, profile: "wasm-dev" }, report);
  report("wasm-bindgen");
  await bindTo(place(devModuleFolder(name)), typesOf(name), ["--keep-debug", compiled]);
}

async function compile({ crate = "resnet-web", features, shared, profile, isBehind }, report) {
  const args = ["rustc", "--package", crate, "--lib", "--profile", profile, "--target", TARGET];
  if (features.length > 0) args.push("--features", features.join(","));
  const onLine = (line) => report(progressOf(line));
  let target = cargoTarget();
  let env = {};
  if (shared) {
    // A folder of its own: cargo does not tell what was compiled with other flags apart.
    target = path.join(target, "shared-memory");
    args.push(...FOR_SHARED_MEMORY.args, "--target-dir", target);
    env = FOR_SHARED_MEMORY.env;
  }
  await run("cargo", [...args, "--", ...CODE_GENERATION], { onLine, env, isBehind });
  return path.join(target, TARGET, profile, `${crate.replaceAll("-", "_")}.wasm`);
}

async function bind(compiled, folder, types, report) {
  report("wasm-bindgen");
  // Debug names are most of what wasm-opt would drop first; they are of no use to the page.
  await bindTo(folder, types, ["--remove-name-section", "--remove-producers-section", compiled]);
}

async function bindTo(folder, types, args) {
  const to = ["--out-dir", folder, "--out-name", "resnet_web"];
  await run("wasm-bindgen", ["--target", "web", ...to, ...args]);
  const beside = path.join(folder, "resnet_web.d.ts");
  renameSync(beside, path.join(folder, TYPES));
  // TypeScript looks beside the JavaScript first.
  writeFileSync(beside, types);
}

/** Refers to the types in the repository (wasm-types.mjs). */
function typesOf(name) {
  const from = `../../wasm-types/${typesFolder(name)}/resnet_web`;
  return `export * from "${from}";\nexport { default } from "${from}";\n`;
}

async function optimiseIn(folder, options, report, isBehind) {
  report(`wasm-opt ${options.join(" ")}`);
  const wasm = path.join(folder, "resnet_web_bg.wasm");
  const features = WASM_FEATURES.map((feature) => `--enable-${feature}`);
  const wasmOpt = place("node_modules", "binaryen", "bin", "wasm-opt");
  await run(process.execPath, [wasmOpt, ...options, ...features, wasm, "-o", wasm], {
    isBehind,
  });
}

/** Puts a finished folder in another's place, so that one cut short never leaves a mixture. */
function replaceFolder(folder, fresh) {
  mkdirSync(path.dirname(folder), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}

function binaryenVersion() {
  const lock = JSON.parse(readFileSync(place("package-lock.json"), "utf8"));
  return lock.packages["node_modules/binaryen"].version;
}
