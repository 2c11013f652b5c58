import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root, toolsFolder } from "./places.mjs";
import { takingTurns } from "./turns.mjs";

const stampsFolder = path.join(toolsFolder, "stamps");

/**
 * Does a job's `work` unless it was done before from the very same inputs and its outputs are still
 * there. `inputs` are files and folders (their contents count, not their dates) without those that `except` names, `facts`
 * anything else the outcome depends on. Returns whether there was anything to do; `report` is called while it waits.
 */
export async function whenStale(job, report, work) {
  if (isFresh(job)) return false;
  const stamp = stampOf(job);
  return takingTurns(`${stamp}.lock`, report, async () => {
    // The process that held the lock before may have done it.
    if (isFresh(job)) return false;
    const current = digestOf(job);
    // Gone before the work starts: a half-done job must not look done.
    rmSync(stamp, { force: true });
    await work();
    writeFileSync(stamp, current);
    return true;
  });
}

/** Whether a job was done from the inputs as they are now. */
export function isFresh(job) {
  const { outputs, folder = root } = job;
  if (!outputs.every((output) => existsSync(path.join(folder, output)))) return false;
  const stamp = stampOf(job);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === digestOf(job);
}

function stampOf({ name, stamps = stampsFolder }) {
  return path.join(stamps, name);
}

function digestOf({ inputs, except = [], facts, folder = root }) {
  const within = (places) => places.map((input) => path.join(folder, input));
  return digest(within(inputs), facts, within(except));
}

/** A hash over the contents of files and folders (in a fixed order, some left out) and over plain facts. */
export function digest(inputs, facts = {}, except = []) {
  const hash = createHash("sha256").update(JSON.stringify(facts));
  for (const input of inputs) {
    for (const file of filesUnder(input, except)) {
      const contents = createHash("sha256").update(readFileSync(file)).digest("hex");
      hash.update(`${path.relative(path.dirname(input), file)}\0${contents}\n`);
    }
  }
  return hash.digest("hex");
}

function filesUnder(input, except) {
  if (!existsSync(input) || except.includes(input)) return [];
  if (!statSync(input).isDirectory()) return [input];
  return readdirSync(input)
    .sort()
    .flatMap((name) => filesUnder(path.join(input, name), except));
}
