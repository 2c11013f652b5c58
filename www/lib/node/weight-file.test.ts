import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { localWeights, smallFile } from "./weight-file";

const { signal } = new AbortController();
let server: Server;
beforeAll(async () => {
  server = createServer((_, response) => response.end("weights"));
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => server.close());

const outcome = (call: Promise<unknown>) =>
  call.then(
    () => "taken",
    (error) => `${error.code}: ${error.message}`,
  );
const SCHEME = "only http:, https: and file: addresses can be read";

it("weights and labels that cannot be read are refused in words, by their path", async () => {
  const weights = (source: string) => outcome(localWeights(source, { signal }));
  const labels = (source: string) => outcome(smallFile(source));
  const cases: [Promise<string>, string][] = [
    [weights("/"), "weights-unreadable: The weight file / cannot be read: it is a folder."],
    [weights(""), 'weights-unreadable: The weight file "" cannot be read: the path is empty.'],
    [
      weights("ftp://x/y"),
      `weights-unreadable: The weight file "ftp://x/y" cannot be read: ${SCHEME}.`,
    ],
    [
      weights("/nowhere"),
      "weights-unreadable: The weight file /nowhere cannot be read: there is no",
    ],
    [labels("/nowhere.txt"), "labels: /nowhere.txt cannot be read: there is no such file."],
    [labels("/"), "labels: / cannot be read: it is a folder."],
    [labels(""), 'labels: "" cannot be read: the path is empty.'],
  ];
  const wrong = [];
  for (const [call, expected] of cases) {
    const found = await call;
    if (!found.startsWith(expected)) wrong.push(found);
  }
  expect(wrong).toEqual([]);
});

it("many downloads have one listener for the end of the process between them", async () => {
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.pth`;
  const before = process.listenerCount("exit");
  const all = await Promise.all(
    Array.from({ length: 20 }, () =>
      localWeights(address, { signal: new AbortController().signal }),
    ),
  );
  expect(process.listenerCount("exit") - before).toBeLessThanOrEqual(1);
  const folders = all.map(({ location }) =>
    "path" in location ? path.dirname(location.path) : "",
  );
  expect(folders.every((folder) => existsSync(folder))).toBe(true);
  await Promise.all(all.map(({ remove }) => remove()));
  expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
});
