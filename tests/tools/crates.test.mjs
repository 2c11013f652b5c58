import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import { environment } from "../../tools/lib/environment.mjs";
import { place, root } from "../../tools/lib/places.mjs";
import { parseToolchain } from "../../tools/lib/rust-toolchain.mjs";

/** What a crate's package may take before compression, in KiB: about a third more than today. */
const BUDGETS = {
  "resnet-web": 320,
  "resnet-web-convert": 60,
  "resnet-web-core": 720,
  "resnet-web-gpu": 240,
  "resnet-web-kernels": 140,
};

/** Cargo adds these to every package. */
const ADDED = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml.orig"];
/** What a package may hold. */
const ALLOWED =
  /^(src\/.*\.(rs|wgsl|md)|www\/lib\/labels\/imagenet\.json|[A-Z-]+(\.md)?|Cargo\.toml)$/;

/** A part of the npm package. */
const NOT_PUBLISHED = "resnet-web-convert-web";

const cargo = (args) =>
  execFileSync("cargo", args, {
    cwd: root,
    env: environment(),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });

let crates;
before(() => {
  const metadata = JSON.parse(cargo(["metadata", "--format-version=1", "--no-deps"]));
  const published = metadata.packages.filter(({ name }) => name !== NOT_PUBLISHED);
  crates = published.map((crate) => {
    const folder = path.dirname(crate.manifest_path);
    const listed = cargo(["package", "--list", "--allow-dirty", "-p", crate.name]);
    const files = listed.split("\n").filter((file) => file && !ADDED.includes(file));
    return { ...crate, folder, files };
  });
});

const readJson = (file) => JSON.parse(readFileSync(place(file), "utf8"));

/** A package.json's repository as an address, without what npm puts around it. */
function repositoryOf({ repository }) {
  const address = typeof repository === "string" ? repository : repository?.url;
  return address?.replace(/^git\+/, "").replace(/\.git$/, "");
}

test("the crates that are published are these", () => {
  assert.deepEqual(crates.map(({ name }) => name).sort(), Object.keys(BUDGETS));
});

test("every crate says what crates.io asks for", () => {
  const { version } = readJson("package.json");
  const repository = repositoryOf(readJson("package.json"));
  const faults = [];
  for (const crate of crates) {
    const expect = (is, what) => is || faults.push(`${crate.name}: ${what}`);
    expect(crate.version === version, `version ${crate.version} is not package.json's ${version}`);
    expect(crate.description?.length <= 200, "no description of at most 200 characters");
    expect(crate.license === "MIT OR Apache-2.0", `licence ${crate.license}`);
    expect(crate.repository === repository, `repository ${crate.repository}, not ${repository}`);
    expect(/^\d+\.\d+$/.test(crate.rust_version), "no rust-version");
    const { keywords, categories } = crate;
    expect(keywords.length > 0 && keywords.length <= 5, `${keywords.length} keywords`);
    expect(categories.length > 0 && categories.length <= 5, `${categories.length} categories`);
    const wrong = keywords.filter((word) => !/^[a-z][a-z0-9_+-]{0,19}$/.test(word));
    expect(wrong.length === 0, `keywords ${wrong}`);
    const readme = path.join(crate.folder, crate.readme);
    const states = readFileSync(readme, "utf8").includes(`Rust ${crate.rust_version}`);
    expect(states, `${crate.readme} does not state Rust ${crate.rust_version}`);
    for (const needed of crate.dependencies.filter((dependency) => dependency.path)) {
      const { name, req } = needed;
      expect(req === `=${version}`, `needs ${name} ${req} instead of =${version}`);
    }
  }
  assert.deepEqual(faults, []);
});

test("a crate's package holds its code, licences and texts, and nothing else", () => {
  const faults = [];
  for (const { name, folder, files } of crates) {
    for (const file of files.filter((file) => !ALLOWED.test(file))) faults.push(`${name}: ${file}`);
    for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) {
      if (!files.includes(licence)) faults.push(`${name}: no ${licence}`);
    }
    const sizes = files.map((file) => statSync(path.join(folder, file)).size);
    const kib = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 1024);
    if (!(kib <= BUDGETS[name])) faults.push(`${name}: ${kib} of ${BUDGETS[name]} KiB`);
  }
  assert.deepEqual(faults, []);
});

test("a crate's package holds every file that its code includes", () => {
  const faults = [];
  for (const { name, folder, files } of crates) {
    for (const file of files.filter((file) => file.endsWith(".rs"))) {
      const text = readFileSync(path.join(folder, file), "utf8");
      const [code] = text.split(/#\[cfg\(test\)\]\s*mod tests/);
      for (const [, target] of code.matchAll(/include_(?:str|bytes)!\("([^"]+)"\)/g)) {
        const included = path.posix.join(path.posix.dirname(file), target);
        if (!files.includes(included)) faults.push(`${name}: ${file} includes ${included}`);
      }
    }
  }
  assert.deepEqual(faults, []);
});

// So every run of the tests compiles all crates with it. `npm run release` tries the crates that ask for less with theirs.
test("the tests' toolchain is the oldest that all crates allow", () => {
  const { channel } = parseToolchain(readFileSync(place("rust-toolchain.toml"), "utf8"));
  const newest = crates
    .map(({ rust_version }) => rust_version)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .at(-1);
  assert.equal(channel, `${newest}.0`);
});
