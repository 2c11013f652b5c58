import { readdirSync } from "node:fs";
import path from "node:path";
import { CHROMEDRIVER, ensureBrowser } from "./browser.mjs";
import { ensureWasmPack } from "./cargo-tools.mjs";
import { checkDependencies, checkSpelling } from "./checkers.mjs";
import { ensurePackages } from "./debian.mjs";
import { ensureWeights } from "./default-weights.mjs";
import { buildSite } from "./docs/site.mjs";
import { Fault } from "./fault.mjs";
import { buildFuzzTargets, fuzz, fuzzTargets } from "./fuzzing.mjs";
import { ensureRuntimes, installPackage } from "./installed-package.mjs";
import { ensureOpenNsfw } from "./opennsfw.mjs";
import { buildPackage } from "./package.mjs";
import { place } from "./places.mjs";
import { ensureTarget } from "./rust-toolchain.mjs";
import { sanitizerArgs, sanitizers } from "./sanitizers.mjs";
import { checkSizes } from "./size-budget.mjs";
import { packTarball } from "./tarball.mjs";
import { cargoCounts, nodeCounts, playwrightCounts, vitestCounts } from "./test-counts.mjs";
import { check, fromReport, logOf, making, reportOf, tests } from "./test-kinds.mjs";
import { buildModule, CONVERTER, forModules, modules } from "./wasm-module.mjs";
import { checkSurfaces } from "./wasm-types.mjs";

const NODE = process.execPath;
const FOR_WASM = ["--target", "wasm32-unknown-unknown"];
// One set of features for all native steps, so that burn is compiled once.
const NATIVE = ["--features", "resnet-web/cli,resnet-web/training"];
/** What goes into the modules and compiles in seconds: tested by itself, as 32-bit code, too. */
const SMALL_CRATES = ["resnet-web-core", "resnet-web-kernels", "resnet-web-gpu"];
const CRATES_WITHOUT_BURN = [...SMALL_CRATES, "resnet-web-convert"];
const FOR_32_BITS = "i686-unknown-linux-gnu";
const EVERY_FEATURE = ["--features", "webgpu,relaxed-simd,threads"];
/** What is tested of the packed package without a browser. */
const TARBALL_TESTS = place("tests", "package", "tarball.test.mjs");
const FUZZ_SECONDS = 60;
/** One file at a time: each computes on all processors. */
const NODE_TESTS = ["--test", "--test-reporter=spec", "--test-concurrency=1"];
const DENY_WARNINGS = ["--", "-D", "warnings"];

/**
 * Everything `npm test` does, cheap checks first. A step `needs` others to have passed, or only
 * comes `after` others, where it can itself say best what is missing. Those that run `beside` others have a target folder
 * of their own, for which cargo does not wait, or leave the machine time.
 */
export const testSteps = [
  {
    name: "tools",
    about: "tests of the tools themselves",
    work: tests(NODE, (words) => ["--test", "--test-reporter=spec", ...testsIn("tools", words)], {
      count: nodeCounts,
    }),
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
      (words) => [
        installed("vitest/vitest.mjs"),
        "run",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${reportOf("vitest")}`,
        // Those are for Node's own test runner: the step "tools".
        "--exclude=tests/tools/**",
        ...words,
      ],
      { count: fromReport("vitest", vitestCounts) },
    ),
  },
  {
    name: "tsc",
    about: "types of the page's code",
    work: check(NODE, [installed("typescript/bin/tsc"), "--noEmit"]),
  },
  {
    name: "crates",
    about: "tests of the crates that need no burn",
    work: cargoTests(packages(CRATES_WITHOUT_BURN)),
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
    name: "opennsfw",
    about: "an ONNX model that is in use elsewhere is fetched",
    work: making(ensureOpenNsfw),
  },
  {
    name: "native",
    about: "tests of the network and the command line, native",
    after: ["weights", "opennsfw"],
    work: cargoTests([
      ...["--workspace", ...CRATES_WITHOUT_BURN.flatMap((name) => ["--exclude", name])],
      ...NATIVE,
    ]),
  },
  {
    name: "native-32",
    about: "tests of what needs no burn, where numbers are as short as in the browser",
    work: cargoTests([...packages(SMALL_CRATES), "--target", FOR_32_BITS], [ensureNative32]),
  },
  {
    name: "files-32",
    about: "tests of weight files, where numbers are as short",
    work: cargoTests(
      ["-p", "resnet-web", "--lib", "--test", "weights", ...NATIVE, "--target", FOR_32_BITS],
      [ensureNative32],
    ),
  },
  {
    name: "tsan",
    beside: true,
    about: "tests of the kernels and the threads, with ThreadSanitizer watching",
    work: tests("cargo", (words) => [...sanitizerArgs("tsan"), ...forHarness(words)], {
      count: cargoCounts,
      env: sanitizers.tsan.env,
      isBehind: true,
    }),
  },
  {
    name: "fuzz",
    beside: true,
    about: `every reader of files, with changed ones, for ${FUZZ_SECONDS} seconds each`,
    work: async ({ name, report }) => {
      await buildFuzzTargets(report);
      // Side by side: each has a core's worth of time for the most part of it.
      await Promise.all(
        fuzzTargets.map((target) =>
          fuzz(target, FUZZ_SECONDS, { report, log: logOf(`${name}-${target}`), isBehind: true }),
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
    work: making((report) =>
      forModules([...Object.keys(modules), CONVERTER], async (name) => {
        await buildModule(name, (text) => report(`${name}: ${text}`));
      }),
    ),
  },
  {
    name: "surface",
    about: "the types that the page's code is checked against are those of the wasm modules",
    needs: ["build"],
    work: making(checkSurfaces),
  },
  {
    name: "size",
    about: "the wasm modules keep to their size budgets",
    needs: ["build"],
    work: making(checkSizes),
  },
  {
    name: "page",
    about: "tests of the whole page, in Chromium",
    needs: ["build"],
    after: ["weights"],
    work: onPage("page", "chromium", []),
  },
  {
    name: "package",
    about: "the npm package as it is packed: its types, its entries, its size",
    needs: ["build"],
    after: ["weights", "page"],
    work: tests(NODE, (words) => ["--test", "--test-reporter=spec", ...words, TARBALL_TESTS], {
      count: nodeCounts,
      before: [packTarball],
    }),
  },
  {
    name: "node",
    about: "tests of the packed package in Node, Deno and Bun, and of its command line",
    needs: ["build"],
    after: ["weights", "page"],
    work: tests(NODE, (words) => [...NODE_TESTS, ...testsIn("node", words)], {
      count: nodeCounts,
      before: [ensureBrowser("chromium"), ensureRuntimes, installPackage],
    }),
  },
  {
    name: "examples",
    about: "the projects in examples/, with the package as it is packed, in Chromium",
    needs: ["build"],
    after: ["weights", "page"],
    work: tests(
      NODE,
      (words) => [
        installed("@playwright/test/cli.js"),
        ...["test", "--reporter=list,json", "--config=tests/package/playwright.config.ts"],
        `--output=${place("test-results", "package")}`,
        ...words,
      ],
      {
        count: fromReport("examples", playwrightCounts),
        before: [ensureBrowser("chromium"), packTarball],
        env: { PLAYWRIGHT_JSON_OUTPUT_FILE: reportOf("examples") },
      },
    ),
  },
  {
    name: "docs",
    about: "the documentation's site builds, and the samples on its pages run",
    needs: ["build"],
    after: ["weights", "page"],
    work: playwright(
      "docs",
      ["--config=tests/docs/playwright.config.ts"],
      [
        ensureBrowser("chromium"),
        buildPackage,
        (report) =>
          buildSite(report, { base: "/some/docs/", folder: place("target", "docs-site") }),
      ],
    ),
  },
  // One browser at a time: each has threads for all processors.
  inEngine("chromium", "Debian's Chromium"),
  inEngine("firefox", "Debian's Firefox"),
  inEngine("webkit", "Debian's WebKitGTK"),
];

/** Chooses crates for cargo. */
function packages(names) {
  return names.flatMap((name) => ["-p", name]);
}

/** What cargo passes on to the tests' own harness: words that their names hold, or its options. */
function forHarness(words) {
  return words.length > 0 ? ["--", ...words] : [];
}

/** Tests that cargo builds and runs, all of them even where some fail. */
function cargoTests(args, before = []) {
  return tests("cargo", (words) => ["test", ...args, "--no-fail-fast", ...forHarness(words)], {
    count: cargoCounts,
    before,
  });
}

/** What `npm run check` runs: it takes seconds, and needs neither a browser nor a wasm module. */
export const quickSteps = [
  "tools",
  "rustfmt",
  "biome",
  "typos",
  "vitest",
  "tsc",
  "crates",
  "clippy",
];

/** Sees to a standard library and a linker for 32-bit code. */
async function ensureNative32(report) {
  await ensureTarget(FOR_32_BITS, report);
  const files = ["/usr/lib32/crt1.o", "/usr/lib32/libgcc_s.so.1"];
  const linker = { title: "what links 32-bit programs", files, packages: ["gcc-multilib"] };
  await ensurePackages(linker, report);
}

/** Tests of the wasm module with these features, only those whose names contain one of `names`, unless the command line gives others. */
function inBrowser(features, names = []) {
  const args = (words) => [
    ...["test", "--headless", "--chrome", "--chromedriver", CHROMEDRIVER],
    // From the first option wasm-pack does not know, the rest goes to cargo.
    ...["--features", features, "--profile", "wasm-dev", "--test", "web"],
    ...["--", ...(words.length > 0 ? words : names)],
  ];
  return tests("wasm-pack", args, {
    count: cargoCounts,
    before: [ensureBrowser("chromium"), ensureWasmPack],
    // In seconds. A GPU played by the processor is slow, and so is a browser starting up.
    env: { WASM_BINDGEN_TEST_TIMEOUT: "900", WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "60" },
  });
}

/** The step of one engine, of the tests that are the same for all. */
function inEngine(name, browser) {
  const options = ["--config=tests/browsers/playwright.config.ts", `--project=${name}`];
  return {
    name,
    about: `tests of what the page is there for, in ${browser}`,
    needs: ["build"],
    after: ["weights", "page"],
    // Playwright empties the folder at its start.
    work: onPage(name, name, [...options, `--output=${place("test-results", name)}`]),
  };
}

/** Tests of the built page in a browser, as Playwright's runner finds them with these options. */
function onPage(step, browser, options) {
  return playwright(step, options, [ensureBrowser(browser), buildPackage]);
}

/** Tests that Playwright's runner finds with these options. */
function playwright(step, options, before) {
  const runner = installed("@playwright/test/cli.js");
  return tests(NODE, (words) => [runner, "test", "--reporter=list,json", ...options, ...words], {
    count: fromReport(step, playwrightCounts),
    before,
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: reportOf(step) },
  });
}

function installed(script) {
  return place("node_modules", script);
}

/** What Node's runner is to run of a folder: files whose names hold a word, all where there is no word, with its own options. */
function testsIn(name, words) {
  const folder = place("tests", name);
  const files = readdirSync(folder).filter((file) => file.endsWith(".test.mjs"));
  const options = words.filter((word) => word.startsWith("-"));
  const parts = words.filter((word) => !word.startsWith("-"));
  const chosen = files.filter(
    (file) => parts.length === 0 || parts.some((part) => file.includes(part)),
  );
  if (chosen.length === 0) {
    throw new Fault(`No file in tests/${name} has ${parts.join(" or ")} in its name.`);
  }
  return [...options, ...chosen.map((file) => path.join(folder, file))];
}
