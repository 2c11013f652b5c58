import { readdirSync } from "node:fs";
import path from "node:path";
import { CHROMEDRIVER, ensureBrowser } from "./browser.mjs";
import { ensureWasmPack } from "./cargo-tools.mjs";
import { checkDependencies, checkSpelling } from "./checkers.mjs";
import { ensurePackages } from "./debian.mjs";
import { ensureWeights } from "./default-weights.mjs";
import { buildFuzzTargets, fuzz, fuzzTargets } from "./fuzzing.mjs";
import { buildPage } from "./page.mjs";
import { place } from "./places.mjs";
import { ensureTarget } from "./rust-toolchain.mjs";
import { sanitizerArgs, sanitizers } from "./sanitizers.mjs";
import { checkSizes } from "./size-budget.mjs";
import { cargoCounts, nodeCounts, playwrightCounts, vitestCounts } from "./test-counts.mjs";
import { check, fromReport, logOf, making, reportOf, tests } from "./test-kinds.mjs";
import { buildModule, modules } from "./wasm-module.mjs";

const NODE = process.execPath;
const FOR_WASM = ["--target", "wasm32-unknown-unknown"];
const NATIVE = ["--features", "resnet-web/cli"];
const FOR_32_BITS = "i686-unknown-linux-gnu";
const EVERY_FEATURE = ["--features", "webgpu,relaxed-simd,threads"];
const FUZZ_SECONDS = 60;
const DENY_WARNINGS = ["--", "-D", "warnings"];

/**
 * Everything `npm test` does, cheap checks first. A step `needs` others to have passed, or only
 * comes `after` others, where it can itself say best what is missing.
 */
export const testSteps = [
  {
    name: "tools",
    about: "tests of the tools themselves",
    work: tests(NODE, ["--test", "--test-reporter=spec", ...toolTests()], { count: nodeCounts }),
  },
  {
    name: "rustfmt",
    about: "formatting of the Rust code",
    work: check("cargo", ["fmt", "--check"]),
  },
  {
    name: "biome",
    about: "lint and formatting of everything else",
    work: check(NODE, [installed("@biomejs/biome/bin/biome"), "ci", "--error-on-warnings"]),
  },
  {
    name: "typos",
    about: "words that look mistyped, in all files",
    work: making(checkSpelling),
  },
  {
    name: "deny",
    about: "licences and sources of the crates, and who may depend on which",
    work: making(checkDependencies),
  },
  {
    name: "vitest",
    about: "unit tests of the page's code",
    work: tests(
      NODE,
      [
        installed("vitest/vitest.mjs"),
        "run",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${reportOf("vitest")}`,
        // Those are for Node's own test runner: the step "tools".
        "--exclude=tests/tools/**",
      ],
      { count: fromReport("vitest", vitestCounts) },
    ),
  },
  {
    name: "clippy",
    about: "lint of the Rust code, native",
    work: check("cargo", ["clippy", "--workspace", "--all-targets", ...NATIVE, ...DENY_WARNINGS]),
  },
  {
    name: "rustdoc",
    about: "the documentation builds without a broken link",
    work: check("cargo", ["doc", "--workspace", "--lib", "--no-deps", ...NATIVE], {
      RUSTDOCFLAGS: "-D warnings",
    }),
  },
  {
    name: "weights",
    about: "the default weights are fetched and converted",
    work: making(ensureWeights),
  },
  {
    name: "native",
    about: "tests of the Rust code, native",
    after: ["weights"],
    work: tests("cargo", ["test", "--workspace", ...NATIVE, "--no-fail-fast"], {
      count: cargoCounts,
    }),
  },
  {
    name: "native-32",
    about: "tests of what needs no burn, where numbers are as short as in the browser",
    work: tests(
      "cargo",
      [
        ...["test", "-p", "resnet-web-core", "-p", "resnet-web-kernels", "-p", "resnet-web-gpu"],
        ...["--target", FOR_32_BITS, "--no-fail-fast"],
      ],
      { count: cargoCounts, before: [ensureNative32] },
    ),
  },
  {
    name: "files-32",
    about: "tests of weight files, where numbers are as short",
    work: tests(
      "cargo",
      [
        ...["test", "-p", "resnet-web", "--lib", "--test", "weights", ...NATIVE],
        ...["--target", FOR_32_BITS, "--no-fail-fast"],
      ],
      { count: cargoCounts, before: [ensureNative32] },
    ),
  },
  {
    name: "tsan",
    about: "tests of the kernels and the threads, with ThreadSanitizer watching",
    work: (context) =>
      tests("cargo", sanitizerArgs("tsan"), {
        count: cargoCounts,
        env: sanitizers.tsan.env,
      })(context),
  },
  {
    name: "fuzz",
    about: `every reader of files, with changed ones, for ${FUZZ_SECONDS} seconds each`,
    work: async ({ name, report }) => {
      await buildFuzzTargets(report);
      // Side by side: each has a core's worth of time for the most part of it.
      await Promise.all(
        fuzzTargets.map((target) =>
          fuzz(target, FUZZ_SECONDS, { report, log: logOf(`${name}-${target}`) }),
        ),
      );
      return { passed: fuzzTargets.length, failed: 0, skipped: 0 };
    },
  },
  {
    name: "clippy-wasm",
    about: "lint of the Rust code, for the browser",
    work: check("cargo", [
      ...["clippy", "--lib", "--test", "web"],
      ...[...FOR_WASM, ...EVERY_FEATURE, ...DENY_WARNINGS],
    ]),
  },
  {
    name: "wasm",
    about: "tests of the wasm module, in Chromium",
    work: inBrowser("webgpu"),
  },
  {
    name: "wasm-relaxed",
    about: "tests of the CPU's arithmetic with relaxed SIMD, in Chromium",
    // The feature of the step before stays, so that no dependency is compiled again.
    work: inBrowser("webgpu,relaxed-simd", ["cpu"]),
  },
  {
    name: "build",
    about: "the wasm modules are built",
    work: making(async (report) => {
      for (const name of Object.keys(modules)) await buildModule(name, report);
    }),
  },
  {
    name: "size",
    about: "the wasm modules keep to their size budgets",
    needs: ["build"],
    work: making(checkSizes),
  },
  {
    name: "tsc",
    about: "types of the page's code, with those of the wasm modules",
    needs: ["build"],
    work: check(NODE, [installed("typescript/bin/tsc"), "--noEmit"]),
  },
  {
    name: "page",
    about: "tests of the whole page, in Chromium",
    needs: ["build"],
    after: ["weights"],
    work: onPage("page", "chromium", []),
  },
  ...["firefox", "webkit"].map((name) => ({
    name,
    about: `tests of visits to the page, in Debian's ${name === "firefox" ? "Firefox" : "WebKitGTK"}`,
    needs: ["build"],
    after: ["weights"],
    work: onPage(name, name, ["--config=tests/browsers/playwright.config.ts", `--project=${name}`]),
  })),
];

/** The steps of these names with all that have to come before them, in the table's order. */
export function stepsFor(names, steps = testSteps) {
  const wanted = new Set();
  const want = (name) => {
    const { needs = [], after = [] } = steps.find((step) => step.name === name);
    for (const earlier of [...needs, ...after]) want(earlier);
    wanted.add(name);
  };
  for (const name of names) want(name);
  return steps.filter(({ name }) => wanted.has(name));
}

/** Sees to a standard library and a linker for 32-bit code. */
async function ensureNative32(report) {
  await ensureTarget(FOR_32_BITS, report);
  const files = ["/usr/lib32/crt1.o", "/usr/lib32/libgcc_s.so.1"];
  const linker = { title: "what links 32-bit programs", files, packages: ["gcc-multilib"] };
  await ensurePackages(linker, report);
}

/** Tests of the wasm module with these features, those only whose names hold one of `names`. */
function inBrowser(features, names = []) {
  const args = [
    ...["test", "--headless", "--chrome", "--chromedriver", CHROMEDRIVER],
    // From the first option wasm-pack does not know, the rest goes to cargo.
    ...["--features", features, "--profile", "wasm-dev", "--test", "web", "--", ...names],
  ];
  return tests("wasm-pack", args, {
    count: cargoCounts,
    before: [ensureBrowser("chromium"), ensureWasmPack],
    // In seconds. A GPU played by the processor is slow, and so is a browser starting up.
    env: { WASM_BINDGEN_TEST_TIMEOUT: "900", WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "60" },
  });
}

/** Tests of the built page in a browser, as Playwright's runner finds them with these options. */
function onPage(step, browser, options) {
  const runner = installed("@playwright/test/cli.js");
  return tests(NODE, [runner, "test", "--reporter=list,json", ...options], {
    count: fromReport(step, playwrightCounts),
    before: [ensureBrowser(browser), buildPage],
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: reportOf(step) },
  });
}

function installed(script) {
  return place("node_modules", script);
}

function toolTests() {
  const folder = place("tests", "tools");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".test.mjs"))
    .map((file) => path.join(folder, file));
}
