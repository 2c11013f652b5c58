import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "./fault.mjs";

const ATTEMPTS = 5;
const STALLED_AFTER_MILLISECONDS = 30_000;

/**
 * Fetches a file whose contents are known by their hash, taking up where an earlier try ended.
 *
 * - `source(offset)` asks for the bytes from `offset` on and gives `{ offset, total, body }`: where
 *   the answer really begins, the size of the whole file and a stream of bytes. What it throws is
 *   tried again later, unless it is a Fault.
 * - `most` is how many bytes the file has at most: nothing beyond them is written, so that a server
 *   that sends something else, or without end, does not fill the disk before the hash is looked at.
 * - `integrity` is the hash, as in a package-lock.json: "sha512-…".
 * - `onProgress` is called with `{ bytes, total, bytesPerSecond }`.
 *
 * The bytes wait in `<target>.part` until they are all there and proved right.
 */
export async function download({ source, target, most, integrity, onProgress, pause = backoff }) {
  const part = `${target}.part`;
  await mkdir(path.dirname(target), { recursive: true });
  if (await matches(target, integrity)) return;
  if ((await sizeOf(part)) > most) await rm(part);

  let failures = 0;
  for (;;) {
    const before = await sizeOf(part);
    const failure = await attempt({ source, part, most, integrity, onProgress });
    if (!failure) return rename(part, target);
    // A line that keeps dropping still gets there: only tries that brought nothing count.
    failures = (await sizeOf(part)) > before ? 1 : failures + 1;
    if (failures >= ATTEMPTS) {
      throw new Fault(
        `${path.basename(target)} could not be downloaded: ${failure}. ` +
          "Check the network connection and run this command again; it goes on where it stopped.",
      );
    }
    await pause(failures);
  }
}

/** Whether a file is there and its contents have the hash they should. */
export async function matches(file, integrity) {
  if (!existsSync(file)) return false;
  const [algorithm] = integrity.split("-", 1);
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash);
  return `${algorithm}-${hash.digest("base64")}` === integrity;
}

/** One try at the missing bytes; returns what went wrong, or nothing when the file is complete. */
async function attempt({ source, part, most, integrity, onProgress }) {
  let response;
  try {
    response = await source(await sizeOf(part));
  } catch (error) {
    if (error instanceof Fault) throw error;
    return error.message;
  }
  const failure = await append(response, part, most, onProgress);
  const size = await sizeOf(part);
  if (size < response.total) {
    return failure ?? `the connection ended after ${size} of ${response.total} bytes`;
  }
  if (await matches(part, integrity)) return undefined;
  await rm(part);
  return "what arrived does not match its checksum";
}

/** Writes what arrives to the end of the part; returns what ended it early, if anything did. */
async function append({ offset, total, body }, part, most, onProgress) {
  const file = await open(part, offset === 0 ? "w" : "a");
  const start = performance.now();
  let bytes = offset;
  try {
    if (total > most) throw await tooLarge(part, most);
    const chunks = body[Symbol.asyncIterator]();
    for (;;) {
      const { failure, done, value } = await nextChunk(chunks);
      if (failure || done) return failure;
      bytes += value.length;
      if (bytes > most) throw await tooLarge(part, most);
      await file.write(value);
      const seconds = (performance.now() - start) / 1000;
      onProgress({ bytes, total, bytesPerSecond: (bytes - offset) / seconds });
    }
  } finally {
    body.destroy();
    await file.close();
  }
}

/** Removes what came of a file that is another one, for it is too large; returns the fault. */
async function tooLarge(part, most) {
  await rm(part, { force: true });
  const name = path.basename(part, ".part");
  return new Fault(
    `${name} has more than the ${most} bytes that it can have, so the server sends something else; ` +
      "check with `npm config get registry` that npm uses a registry that has it.",
  );
}

async function nextChunk(chunks) {
  const giveUp = new AbortController();
  const stalled = sleep(
    STALLED_AFTER_MILLISECONDS,
    { failure: "no data came for half a minute" },
    {
      signal: giveUp.signal,
    },
  ).catch(() => {});
  try {
    return await Promise.race([chunks.next(), stalled]);
  } catch (error) {
    return { failure: error.message };
  } finally {
    giveUp.abort();
  }
}

async function sizeOf(file) {
  return existsSync(file) ? (await stat(file)).size : 0;
}

function backoff(failures) {
  return sleep(1000 * 2 ** (failures - 1));
}
