import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MILLISECONDS = 250;

/**
 * Does `work` while no other process of ours does work under the same lock file: `npm start` in one
 * terminal and `npm test` in another must not write the same outputs at once.
 */
export async function takingTurns(lock, report, work) {
  mkdirSync(path.dirname(lock), { recursive: true });
  while (!taken(lock)) {
    report("waiting for another run to finish this");
    await sleep(PAUSE_MILLISECONDS);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Takes the lock, unless a process that is alive holds it. */
function taken(lock) {
  const ours = `${lock}.${process.pid}`;
  writeFileSync(ours, String(process.pid));
  try {
    putInPlace(ours, lock);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  } finally {
    rmSync(ours, { force: true });
  }
  // A run that was stopped leaves its lock behind.
  if (!isAlive(holderOf(lock))) rmSync(lock, { force: true });
  return false;
}

/** Puts a file where there is none yet. By a link, so that it is never there without its content. */
function putInPlace(file, place) {
  try {
    linkSync(file, place);
  } catch (error) {
    if (error.code === "EEXIST") throw error;
    // Not every drive has hard links. A lock without its number counts as held.
    copyFileSync(file, place, constants.COPYFILE_EXCL);
  }
}

function holderOf(lock) {
  try {
    return Number(readFileSync(lock, "utf8"));
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
