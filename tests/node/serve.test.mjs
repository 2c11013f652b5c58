import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { after, test } from "node:test";
import { CONSUMER } from "../../tools/lib/installed-package.mjs";
import { inChromium, seeCat } from "./support/chromium.mjs";
import { withServer } from "./support/cli.mjs";
import { temporaryFolder } from "./support/weights.mjs";

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

test("files are sent as they are when they are asked for", () => {
  const folder = temporaryFolder(after);
  const write = (text) => writeFileSync(path.join(folder, "index.html"), text);
  write("a page");
  return withServer(["--dir", folder], async (address) => {
    const found = [];
    const look = async (headers = {}) => {
      const { status, headers: answered, body } = await ask(address, { path: "/", headers });
      found.push(`${status} ${body}`);
      return answered.etag;
    };
    const etag = await look();
    await look({ "If-None-Match": etag });
    write("a longer page");
    await look({ "If-None-Match": etag });
    write("short");
    await look();
    write("");
    await look();
    rmSync(path.join(folder, "index.html"));
    await look();
    assert.deepEqual(found, [
      "200 a page",
      "304 ",
      "200 a longer page",
      "200 short",
      "200 ",
      "404 ",
    ]);
  });
});

test("links are followed within the folder and not out of it", () => {
  const around = temporaryFolder(after);
  const folder = path.join(around, "site");
  mkdirSync(path.join(folder, ".git"), { recursive: true });
  for (const file of ["secret", "site/index.html", "site/page.txt", "site/.git/config"]) {
    writeFileSync(path.join(around, file), file);
  }
  const links = { out: "../secret", folder: "..", hidden: ".git/config", within: "page.txt" };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(folder, name));
  return withServer(["--dir", folder], async (address) => {
    const found = {};
    for (const path of ["/out", "/folder/secret", "/hidden", "/.git/config", "/within", "/"]) {
      found[path] = (await ask(address, { path })).status;
    }
    assert.deepEqual(found, {
      "/out": 404,
      "/folder/secret": 404,
      "/hidden": 404,
      "/.git/config": 404,
      "/within": 200,
      "/": 200,
    });
  });
});

test("the printed address can be opened, whatever the server listens at", async () => {
  const found = {};
  for (const host of ["localhost", "127.0.0.1", "::1", "0.0.0.0", "::"]) {
    await withServer(["--host", host], async (address) => {
      found[host] = `${new URL(address).hostname} ${(await fetch(address)).status}`;
    });
  }
  assert.deepEqual(found, {
    localhost: "localhost 200",
    "127.0.0.1": "127.0.0.1 200",
    "::1": "[::1] 200",
    "0.0.0.0": "localhost 200",
    "::": "localhost 200",
  });
});

test("the page works from the package alone, isolated", () =>
  withServer([], (address) =>
    inChromium(async (page) => {
      await page.goto(`${address}?device=cpu`);
      await seeCat(page, "Egyptian cat");
      assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    }),
  ));
