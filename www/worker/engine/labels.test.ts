import { afterEach, describe, expect, it, vi } from "vitest";
import { toResNetError } from "../../protocol/errors";
import { type Answering, body, PAGE, serve } from "../weights/fake-server";
import { readLabels } from "./labels";

afterEach(() => vi.unstubAllGlobals());

const URL_HERE = `${PAGE}/labels.json`;
const MEBIBYTE = new Uint8Array(1 << 20);

/** A body without an end. Counts the mebibytes that were taken. */
function endless() {
  const taken = { mebibytes: 0 };
  const stream = new ReadableStream(
    {
      pull(controller) {
        taken.mebibytes += 1;
        controller.enqueue(MEBIBYTE);
      },
    },
    { highWaterMark: 0 },
  );
  return { taken, answer: () => new Response(stream) };
}

it("labels come from a file or an address", async () => {
  const bytes = new TextEncoder().encode("cat\ndog – big");
  serve(() => new Response(body(bytes)));
  expect(await readLabels(URL_HERE)).toEqual(bytes);
  expect(await readLabels(new Blob([bytes]))).toEqual(bytes);
});

describe("labels are refused", () => {
  it.each<[string, Answering, RegExp]>([
    [
      "whose length is told to be too large",
      () => new Response("", { headers: { "content-length": "16777217" } }),
      /has 16777217 bytes, and 16 MiB is the most that is read/,
    ],
    [
      "that are not there",
      () => new Response("", { status: 404 }),
      /The labels at https:\/\/page\.test\/labels\.json could not be fetched: the server answered 404/,
    ],
    [
      "that cannot be reached",
      () => {
        throw new TypeError("Failed to fetch");
      },
      /could not be fetched: Failed to fetch/,
    ],
  ])("%s", async (_, answer, message) => {
    const asked = serve(answer);
    const error = await readLabels(URL_HERE).then(() => null, toResNetError);
    expect({ code: error?.code, message: error?.message }).toEqual({
      code: "labels",
      message: expect.stringMatching(message),
    });
    expect(asked.map(({ signal }) => signal?.aborted)).toEqual([true]);
  });

  it("that do not end, at 16 MiB", async () => {
    const { taken, answer } = endless();
    const asked = serve(answer);
    await expect(readLabels(URL_HERE)).rejects.toMatchObject({
      code: "labels",
      message: expect.stringContaining("more than 16777216 bytes"),
    });
    expect(taken.mebibytes).toBe(17);
    expect(asked[0]?.signal?.aborted).toBe(true);
  });

  it("that are a file too large", async () => {
    const file = new Blob(Array.from({ length: 17 }, () => MEBIBYTE));
    await expect(readLabels(file)).rejects.toMatchObject({ code: "labels" });
  });
});

it("a call that is cancelled stops", async () => {
  const reason = new DOMException("enough", "AbortError");
  const controller = new AbortController();
  serve(() => new Promise(() => {}));
  const reading = readLabels(URL_HERE, controller.signal);
  controller.abort(reason);
  await expect(reading).rejects.toBe(reason);
  await expect(readLabels(URL_HERE, controller.signal)).rejects.toBe(reason);
});

it.each([
  [URL_HERE, "same-origin"],
  ["https://files.test/labels.json", "omit"],
])("%s is asked for without a referrer, with credentials %s", async (url, credentials) => {
  const asked = serve(() => new Response("cat"));
  await readLabels(url);
  expect(asked).toMatchObject([{ referrerPolicy: "no-referrer", credentials }]);
});
