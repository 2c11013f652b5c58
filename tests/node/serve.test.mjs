import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { CONSUMER } from "../../tools/lib/installed-package.mjs";
import { place } from "../../tools/lib/places.mjs";
import { inChromium } from "./support/chromium.mjs";
import { withServer } from "./support/cli.mjs";

const PAGE = path.join(CONSUMER, "node_modules", "resnet-web", "package", "page");
const icon = readFileSync(path.join(PAGE, "icon.svg"));
const asset = (ending) =>
  `/${[...readFileSync(path.join(PAGE, "service-worker.js"), "utf8").matchAll(/"(assets\/[^"]+)"/g)].map(([, file]) => file).find((file) => file.endsWith(ending))}`;

/** Asks for a path as it is written: `fetch` would tidy it up. */
function ask(address, { path, method = "GET", headers = {} }) {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const asking = request({ hostname, port, path, method, headers }, async (response) => {
      const body = Buffer.concat(await response.toArray());
      resolve({ status: response.statusCode, headers: response.headers, body });
    });
    asking.on("error", reject).end();
  });
}

const FOUND = (type) => ({ status: 200, type });
const CASES = [
  ["the page", { path: "/" }, FOUND(/^text\/html/)],
  ["a query", { path: "/?device=cpu" }, FOUND(/^text\/html/)],
  ["a script", { path: asset(".js") }, FOUND(/javascript/)],
  ["a module of wasm", { path: asset(".wasm") }, FOUND(/^application\/wasm$/)],
  ["a style sheet", { path: asset(".css") }, FOUND(/^text\/css/)],
  ["an image", { path: "/icon.svg" }, FOUND(/^image\/svg\+xml$/)],
  ["the manifest", { path: "/weights/manifest.json" }, FOUND(/^application\/json/)],
  ["weights", { path: "/weights/resnet50.safetensors", method: "HEAD" }, FOUND(/octet-stream/)],
  [
    "a part",
    { path: "/icon.svg", headers: { Range: "bytes=5-9" } },
    { status: 206, body: icon.subarray(5, 10), range: `bytes 5-9/${icon.length}` },
  ],
  [
    "the rest",
    { path: "/icon.svg", headers: { Range: "bytes=100-" } },
    { status: 206, body: icon.subarray(100) },
  ],
  [
    "a part beyond the end",
    { path: "/icon.svg", headers: { Range: "bytes=99999-" } },
    { status: 416 },
  ],
  [
    "a part that ends before it begins",
    { path: "/icon.svg", headers: { Range: "bytes=9-5" } },
    { status: 200, body: icon },
  ],
  [
    "several parts",
    { path: "/icon.svg", headers: { Range: "bytes=0-1,4-5" } },
    { status: 200, body: icon },
  ],
  [
    "a part of another version",
    { path: "/icon.svg", headers: { Range: "bytes=0-1", "If-Range": '"other"' } },
    { status: 200, body: icon },
  ],
  ["another method", { path: "/", method: "POST" }, { status: 405 }],
  ["a file that is not there", { path: "/nowhere" }, { status: 404 }],
  ["a folder without a page", { path: "/assets/" }, { status: 404 }],
  ...[
    "/../node.js",
    "/assets/../../node.js",
    "/%2e%2e/node.js",
    "/..%2fnode.js",
    "/%2e%2e%2fnode.js",
    "/..\\node.js",
    "//etc/passwd",
    "/icon.svg%00.html",
    "/%",
    "/.npmrc",
    "/C:/Windows/win.ini",
  ].map((path) => [`out of the folder: ${path}`, { path }, { status: 404 }]),
];

test("serve sends the page's files with their types and in parts, and nothing else", () =>
  withServer([], async (address) => {
    const wrong = [];
    for (const [what, asked, { status, type, body, range }] of CASES) {
      const found = await ask(address, asked);
      const say = (text) => wrong.push(`${what}: ${text}`);
      if (found.status !== status) say(`status ${found.status}`);
      if (type && !type.test(found.headers["content-type"])) say(found.headers["content-type"]);
      if (body && !body.equals(found.body)) say(`${found.body.length} bytes`);
      if (range && found.headers["content-range"] !== range) say(found.headers["content-range"]);
      if (found.headers["cross-origin-embedder-policy"] !== "require-corp") say("not isolated");
    }
    assert.deepEqual(wrong, []);
  }));

test("the page works from the package alone, isolated", () =>
  withServer([], (address) =>
    inChromium(async (page) => {
      await page.goto(`${address}?device=cpu`);
      await page
        .locator(".source input[type=file]")
        .first()
        .setInputFiles(place("www/public/photos/chelsea.png"));
      await page
        .locator("#result")
        .getByRole("listitem")
        .first()
        .getByText("Egyptian cat")
        .waitFor();
      assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    }),
  ));
