import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { environment } from "./environment.mjs";
import { Fault } from "./fault.mjs";
import { root } from "./places.mjs";

const TAIL_LINES = 40;
const running = new Set();

/** A command that ended badly; `output` is everything it said. */
export class CommandFailed extends Fault {
  constructor(command, reason, output) {
    const tail = lastLines(output, TAIL_LINES);
    super(`\`${command}\` ${reason}.${tail && ` It ended with:\n\n${tail}\n`}`);
    this.output = output;
  }
}

/**
 * Runs a program to its end and returns what it printed, without colours and progress bars.
 * `onLine` is called with each line as it comes, progress bars too; `log` names a file that keeps them all.
 * With `isBehind` it gets what other programs leave of the machine.
 */
export async function run(program, args, options = {}) {
  const { env = {}, cwd = root, log, onLine = () => {}, isBehind = false } = options;
  const command = [path.basename(program), ...args].join(" ");
  const child = spawn(program, args, {
    cwd,
    // Cargo draws its progress bar for a terminal only, unless told to; onLine makes use of it.
    env: environment({
      CARGO_TERM_PROGRESS_WHEN: "always",
      CARGO_TERM_PROGRESS_WIDTH: "80",
      ...env,
    }),
    stdio: ["ignore", "pipe", "pipe"],
    // Its own process group, so that stopping it also stops what it started.
    detached: true,
  });
  running.add(child);
  if (isBehind && child.pid) lowerPriority(child.pid);

  const kept = [];
  const logFile = log && openLog(log);
  const hear = (line) => {
    onLine(line);
    if (isProgressBar(line)) return;
    kept.push(line);
    logFile?.write(`${line}\n`);
  };
  splitLines(child.stdout, hear);
  splitLines(child.stderr, hear);

  const { error, code, signal } = await new Promise((resolve) => {
    child.once("error", (error) => resolve({ error }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  running.delete(child);
  if (logFile) await new Promise((resolve) => logFile.end(resolve));

  const output = kept.join("\n");
  if (error?.code === "ENOENT") throw new CommandFailed(command, "could not be started", "");
  if (error) throw error;
  if (signal) throw new CommandFailed(command, `was stopped by ${signal}`, output);
  if (code !== 0) throw new CommandFailed(command, `failed with exit code ${code}`, output);
  return output;
}

/** Stops every program still running, and all that those started. */
export function stopAll() {
  for (const child of running) {
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

/** The last `count` lines of a text that say anything. */
export function lastLines(text, count) {
  return text
    .split("\n")
    .filter((line) => line.trim())
    .slice(-count)
    .join("\n");
}

function lowerPriority(pid) {
  try {
    const { PRIORITY_BELOW_NORMAL } = constants.priority;
    if (getPriority(pid) < PRIORITY_BELOW_NORMAL) setPriority(pid, PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended, or the system does not allow it: it runs at the priority that it has.
  }
}

function isProgressBar(line) {
  return /^\s*(Building|Fetch|Updating|Downloading|Documenting)\s+\[/.test(line);
}

function openLog(file) {
  mkdirSync(path.dirname(file), { recursive: true });
  return createWriteStream(file);
}

function splitLines(stream, hear) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text) => {
    const lines = (rest + stripVTControlCharacters(text)).split(/\r\n|[\r\n]/);
    rest = lines.pop();
    for (const line of lines) hear(line);
  });
  stream.on("end", () => rest && hear(rest));
}
