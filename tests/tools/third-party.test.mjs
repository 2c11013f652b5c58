import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { place } from "../../tools/lib/places.mjs";
import { notices, npmPackages } from "../../tools/lib/third-party.mjs";

const crate = (name, licence, files, authors = []) => ({
  name,
  version: "1.0.0",
  licence,
  address: `https://crates.io/crates/${name}`,
  authors,
  files,
});

const APACHE = crate("apache", "Apache-2.0", { LICENSE: "Apache's terms" });

/** What stands in the notices of one package, and what does not. */
const CASES = [
  {
    what: "of licences to choose from MIT's is taken",
    of: crate("a", "MIT OR Apache-2.0", { "LICENSE-APACHE": "Other", "LICENSE-MIT": "MIT's" }),
    has: ["a 1.0.0 (MIT OR Apache-2.0) https://crates.io/crates/a", "MIT's"],
    lacks: ["Other"],
  },
  {
    what: "licences that hold together are all there",
    of: crate("a", "(MIT OR Apache-2.0) AND Unicode-3.0", { "LICENSE-MIT": "MIT's", UNICODE: "" }),
    has: ["MIT's"],
  },
  {
    what: "a notice is there beside its licence",
    of: crate("a", "Apache-2.0 OR MIT", { "LICENSE-MIT": "MIT's", NOTICE: "by somebody" }),
    has: ["MIT's", "by somebody"],
  },
  {
    what: "another choice is there whole",
    of: crate("a", "Zlib OR BSL-1.0", { "LICENSE-ZLIB": "Zlib's", "LICENSE-BSL": "Boost's" }),
    has: ["Zlib's", "Boost's"],
  },
  {
    what: "MIT's text without a file names the authors",
    of: crate("a", "MIT/Apache-2.0", {}, ["Ada <ada@example.org>", "Grace"]),
    has: ["Copyright (c) Ada <ada@example.org>, Grace", "Permission is hereby granted"],
  },
  {
    what: "and without authors the package's",
    of: crate("a", "MIT", {}),
    has: ["Copyright (c) the authors of a"],
  },
  {
    what: "another's text without a file is that of one that has it",
    of: crate("a", "Apache-2.0", {}),
    has: ["apache 1.0.0 (Apache-2.0) https://crates.io/crates/apache\na 1.0.0", "Apache's terms"],
  },
];

test("every package is there with its terms", () => {
  const wrong = CASES.flatMap(({ what, of, has, lacks = [] }) => {
    const text = notices([APACHE, of]);
    return [
      ...has.filter((part) => !text.includes(part)).map((part) => `${what}: lacks ${part}`),
      ...lacks.filter((part) => text.includes(part)).map((part) => `${what}: has ${part}`),
    ];
  });
  assert.deepEqual(wrong, []);
});

test("one text stands there once, however its lines are broken", () => {
  const text = notices([
    crate("a", "MIT", { LICENSE: "one\ntext" }),
    crate("b", "MIT", { LICENSE: "one text\n" }),
  ]);
  assert.equal(text.match(/one\stext/g)?.length, 1);
  assert.match(text, /a 1\.0\.0.*\nb 1\.0\.0/);
});

test("a package without known terms stops the build", () => {
  assert.throws(() => notices([crate("a", "Strange-1.0", {})]), /a has no text of its licence/);
});

test("npm's packages are those that the page's sources import, and theirs", () => {
  const names = npmPackages().map(({ name }) => name);
  for (const name of ["preact", "comlink", "workbox-precaching", "workbox-core", "vite"]) {
    assert.ok(names.includes(name), name);
  }
  const imported = readdirSync(place("www"), { recursive: true, withFileTypes: true })
    .filter(({ name }) => /(?<!\.test)\.tsx?$/.test(name) && !name.startsWith("fake-"))
    .flatMap(({ parentPath, name }) => {
      const source = readFileSync(path.join(parentPath, name), "utf8").replace(/^ *\*.*$/gm, "");
      return [...source.matchAll(/(?<!")\b(?:from|import)\s*\(?"((?:@[^/"]+\/)?[^./"][^/"]*)/g)];
    })
    .map(([, name]) => name)
    .filter((name) => name !== "resnet-web" && !name.startsWith("node:"));
  assert.deepEqual(
    [...new Set(imported)].filter((name) => !names.includes(name)),
    [],
  );
});
