import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { availableParallelism } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import sirv from "sirv";
import { inChromium, seeCat } from "./support/chromium.mjs";
import { resnetWeb } from "./support/cli.mjs";
import { LABELS, smallWeights, temporaryFolder } from "./support/weights.mjs";

const TITLE = 'Birds & "bees" <of Bern>';
const folder = temporaryFolder(after);
const SITE = path.join(folder, "site");
const labels = path.join(folder, "labels.csv");
const fileOf = (name) => readFileSync(path.join(SITE, name));

before(async () => {
  writeFileSync(labels, `index,label\n${LABELS.map((label, i) => `${i},${label}`).join("\n")}\n`);
  // A repository with its own files.
  mkdirSync(path.join(SITE, ".git"), { recursive: true });
  writeFileSync(path.join(SITE, ".git", "HEAD"), "ref: refs/heads/main\n");
  writeFileSync(path.join(SITE, "CNAME"), "birds.example\n");
  // Twice, as one that brings its site up to date.
  for (let i = 0; i < 2; i += 1) {
    const args = ["--weights", smallWeights(folder), "--labels", labels, "--title", TITLE];
    const { code, err } = await resnetWeb(["site", ...args, "--out", SITE]);
    assert.equal(code, 0, err);
  }
});

/** Serves the site under /repo/ as GitHub Pages does: without any header that isolates. */
async function onPages(work) {
  const files = sirv(SITE, { dotfiles: true });
  const server = createServer((request, response) => {
    if (!request.url?.startsWith("/repo/")) return response.writeHead(404).end();
    request.url = request.url.slice("/repo".length);
    files(request, response);
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  try {
    return await work(`http://localhost:${server.address().port}/repo/`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test("the folder holds what a static host needs, and keeps what was there", () => {
  assert.equal(String(fileOf("CNAME")), "birds.example\n");
  assert.ok(
    existsSync(path.join(SITE, ".nojekyll")) && existsSync(path.join(SITE, ".git", "HEAD")),
  );
  const { file, bytes, sha256 } = JSON.parse(fileOf("weights/manifest.json"));
  const weights = fileOf(`weights/${file}`);
  const digest = createHash("sha256").update(weights).digest("hex");
  assert.deepEqual([bytes, sha256], [weights.length, digest]);
  assert.equal(existsSync(path.join(SITE, "weights", "resnet50.safetensors")), false);
});

test("the service worker knows every file as it is", () => {
  const script = String(fileOf("service-worker.js"));
  const entries = [...script.matchAll(/\{[^{}]*"url":"[^"]+"[^{}]*\}/g)].map(([entry]) =>
    JSON.parse(entry),
  );
  const wrong = entries.filter(({ url, integrity }) => {
    const digest = createHash("sha256").update(fileOf(url)).digest("base64");
    return integrity !== `sha256-${digest}`;
  });
  assert.ok(entries.length > 10);
  assert.deepEqual(wrong, []);
});

test("a site that was interrupted is made by the next call", async () => {
  const out = path.join(folder, "interrupted");
  const args = ["site", "--weights", smallWeights(folder), "--out", out];
  // One of its last files cannot be written.
  mkdirSync(path.join(out, ".nojekyll"), { recursive: true });
  const first = await resnetWeb(args);
  rmSync(path.join(out, ".nojekyll"), { recursive: true });
  const second = await resnetWeb(args);
  assert.deepEqual([first.code, second.code], [1, 0], second.err);
});

test("nothing is removed or written through a symbolic link", async () => {
  const elsewhere = path.join(folder, "elsewhere");
  mkdirSync(elsewhere);
  writeFileSync(path.join(elsewhere, "kept.txt"), "kept");
  for (const [name, record] of [
    ["link", ["link/kept.txt"]],
    ["weights", []],
  ]) {
    const out = path.join(folder, `with-${name}`);
    mkdirSync(out);
    symlinkSync(elsewhere, path.join(out, name));
    writeFileSync(path.join(out, "resnet-web-site.json"), JSON.stringify(record));
    const { code, err } = await resnetWeb([
      "site",
      "--weights",
      smallWeights(folder),
      "--out",
      out,
    ]);
    assert.equal(code, 2);
    assert.match(err, /is a symbolic link/);
    assert.deepEqual(readdirSync(elsewhere), ["kept.txt"]);
  }
});

test("under a sub-path of a host without headers, a photo is classified with one's own labels and title", () =>
  onPages((address) =>
    inChromium(async (page) => {
      await page.goto(`${address}?device=cpu`);
      // The page is reloaded once to be isolated, so a photo is chosen after that.
      await page.waitForFunction(() => crossOriginIsolated);
      await page.getByRole("heading", { level: 1, name: TITLE, exact: true }).waitFor();
      assert.equal(await page.title(), TITLE);
      await seeCat(page, /own class \d/);
      if (availableParallelism() > 1) {
        await page
          .locator("[data-device]")
          .getByText(/CPU, \d+ threads/)
          .waitFor();
      }
    }),
  ));
