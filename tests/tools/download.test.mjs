import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { download } from "../../tools/lib/download.mjs";
import { tarballSource } from "../../tools/lib/registry.mjs";
import { temporaryFolder } from "./temporary-folder.mjs";

const CONTENTS = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
const INTEGRITY = `sha512-${createHash("sha512").update(CONTENTS).digest("base64")}`;

/**
 * A registry on this machine with one package, `sample`. Each request is answered by the next of
 * `answers`, the last one again and again; returns what each request asked for.
 */
async function registry(t, answers) {
  const requests = [];
  const server = createServer((request, response) => {
    requests.push({ url: request.url, range: request.headers.range });
    const answer = answers[Math.min(requests.length, answers.length) - 1];
    answer(response, Number(request.headers.range?.match(/^bytes=(\d+)-$/)[1] ?? 0));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `http://127.0.0.1:${server.address().port}/`, requests };
}

/** Downloads the package to a new folder, where `part` may already be from an earlier try. */
async function downloadFrom(t, address, part) {
  const target = path.join(temporaryFolder(t), "sample-1.2.3.tgz");
  if (part) writeFileSync(`${target}.part`, part);
  const progress = [];
  const options = { registry: address, retry: { retries: 0 } };
  const downloading = download({
    source: await tarballSource("sample", "1.2.3", options),
    target,
    most: CONTENTS.length,
    integrity: INTEGRITY,
    onProgress: ({ bytes, total }) => progress.push({ bytes, total }),
    pause: async () => {},
  });
  return { target, progress, downloading };
}

const whole = (response) => {
  response.writeHead(200, { "content-length": CONTENTS.length });
  response.end(CONTENTS);
};

const rest = (response, from) => {
  response.writeHead(206, rangeHeaders(from));
  response.end(CONTENTS.subarray(from));
};

const cutAfter = (count) => (response, from) => {
  response.writeHead(206, rangeHeaders(from));
  response.write(CONTENTS.subarray(from, from + count), () => response.destroy());
};

const status = (code) => (response) => {
  response.writeHead(code);
  response.end();
};

function rangeHeaders(from) {
  return {
    "content-range": `bytes ${from}-${CONTENTS.length - 1}/${CONTENTS.length}`,
    "content-length": CONTENTS.length - from,
  };
}

test("a whole file arrives, with progress up to the end", async (t) => {
  const { address, requests } = await registry(t, [rest]);
  const { target, progress, downloading } = await downloadFrom(t, address);
  await downloading;
  assert.deepEqual(readFileSync(target), CONTENTS);
  assert.equal(existsSync(`${target}.part`), false);
  assert.deepEqual(progress.at(-1), { bytes: CONTENTS.length, total: CONTENTS.length });
  assert.deepEqual(requests, [{ url: "/sample/-/sample-1.2.3.tgz", range: "bytes=0-" }]);
});

test("what is there already is not asked for again", async (t) => {
  const { address, requests } = await registry(t, [rest]);
  const { target, downloading } = await downloadFrom(t, address, CONTENTS.subarray(0, 100_000));
  await downloading;
  assert.deepEqual(readFileSync(target), CONTENTS);
  assert.deepEqual(
    requests.map(({ range }) => range),
    ["bytes=100000-"],
  );
});

test("a connection cut twice goes on where it stopped", async (t) => {
  const { address, requests } = await registry(t, [cutAfter(50_000), cutAfter(80_000), rest]);
  const { target, downloading } = await downloadFrom(t, address);
  await downloading;
  assert.deepEqual(readFileSync(target), CONTENTS);
  const offsets = requests.map(({ range }) => Number(range.match(/\d+/)[0]));
  assert.equal(offsets.length, 3);
  assert.ok(offsets[0] === 0 && offsets[1] > 0 && offsets[2] > offsets[1], `${offsets}`);
});

test("a connection cut more often than we put up with still ends well, as each try brings some", async (t) => {
  const { address } = await registry(t, [cutAfter(30_000)]);
  const { target, downloading } = await downloadFrom(t, address);
  await downloading;
  assert.deepEqual(readFileSync(target), CONTENTS);
});

test("a server that cannot resume sends all of it, and no byte is there twice", async (t) => {
  const { address } = await registry(t, [whole]);
  const { target, downloading } = await downloadFrom(t, address, CONTENTS.subarray(0, 100_000));
  await downloading;
  assert.deepEqual(readFileSync(target), CONTENTS);
});

test("a corrupted part is found out at the end and starts over", async (t) => {
  const { address, requests } = await registry(t, [rest]);
  const { target, downloading } = await downloadFrom(t, address, Buffer.alloc(100_000, 1));
  await downloading;
  assert.deepEqual(readFileSync(target), CONTENTS);
  assert.deepEqual(
    requests.map(({ range }) => range),
    ["bytes=100000-", "bytes=0-"],
  );
});

test("a part that is complete, but was never proved, is taken", async (t) => {
  const { address } = await registry(t, [status(416)]);
  const { target, downloading } = await downloadFrom(t, address, CONTENTS);
  await downloading;
  assert.deepEqual(readFileSync(target), CONTENTS);
});

test("a part longer than the file starts over", async (t) => {
  const { address } = await registry(t, [status(416), rest]);
  const { target, downloading } = await downloadFrom(t, address, Buffer.alloc(400_000));
  await downloading;
  assert.deepEqual(readFileSync(target), CONTENTS);
});

test("a server in trouble is asked again", async (t) => {
  const { address } = await registry(t, [status(503), status(502), rest]);
  const { target, downloading } = await downloadFrom(t, address);
  await downloading;
  assert.deepEqual(readFileSync(target), CONTENTS);
});

test("a server that stays in trouble is given up, in a sentence", async (t) => {
  const { address } = await registry(t, [status(503)]);
  const { target, downloading } = await downloadFrom(t, address);
  await assert.rejects(downloading, {
    name: "Fault",
    message: /could not be downloaded: .*503.* Check the network connection and run this command/,
  });
  assert.equal(existsSync(target), false);
});

test("contents that never match their checksum are given up and never used", async (t) => {
  const wrong = (response) => {
    response.writeHead(200, { "content-length": CONTENTS.length });
    response.end(Buffer.alloc(CONTENTS.length));
  };
  const { address } = await registry(t, [wrong]);
  const { target, downloading } = await downloadFrom(t, address);
  await assert.rejects(downloading, { name: "Fault", message: /does not match its checksum/ });
  assert.equal(existsSync(target), false);
});

test("a package the registry does not have is not asked for twice", async (t) => {
  const { address, requests } = await registry(t, [status(404)]);
  const { downloading } = await downloadFrom(t, address);
  await assert.rejects(downloading, {
    name: "Fault",
    message: /"404" for sample 1\.2\.3; check with `npm config get registry`/,
  });
  assert.equal(requests.length, 1);
});

test("no server at all is given up, in a sentence", async (t) => {
  const { downloading } = await downloadFrom(t, "http://127.0.0.1:9/");
  await assert.rejects(downloading, { name: "Fault", message: /could not be downloaded/ });
});

const SENDS_TOO_MUCH = [
  [
    "says that it has more than the file",
    (response) => {
      response.writeHead(200, { "content-length": CONTENTS.length + 1 });
      response.write(CONTENTS);
    },
  ],
  [
    "sends without end",
    (response) => {
      response.writeHead(200);
      const more = () => response.write(CONTENTS, more);
      more();
    },
  ],
  [
    "goes on beyond the file's end",
    (response, from) => {
      response.writeHead(206, { "content-range": rangeHeaders(from)["content-range"] });
      response.end(CONTENTS);
    },
    CONTENTS.subarray(0, 100_000),
  ],
];

for (const [what, answer, part] of SENDS_TOO_MUCH) {
  test(`a server that ${what} is stopped, and leaves nothing behind`, async (t) => {
    const { address, requests } = await registry(t, [answer]);
    const { target, progress, downloading } = await downloadFrom(t, address, part);
    await assert.rejects(downloading, {
      name: "Fault",
      message: /^sample-1\.2\.3\.tgz has more than the 300000 bytes that it can have/,
    });
    assert.equal(existsSync(target) || existsSync(`${target}.part`), false);
    assert.ok(progress.every(({ bytes }) => bytes <= CONTENTS.length));
    assert.equal(requests.length, 1);
  });
}
