import { execFileSync } from "node:child_process";
import { environment } from "./environment.mjs";
import { root } from "./places.mjs";

/** What a program that answers at once prints, its grumbling on stderr left out. */
export function ask(program, args) {
  const stdio = ["ignore", "pipe", "ignore"];
  const options = { cwd: root, env: environment(), encoding: "utf8", stdio };
  // Cargo's metadata are megabytes.
  return execFileSync(program, args, { ...options, maxBuffer: Number.POSITIVE_INFINITY });
}

/** What a program prints for `--version`, or undefined where there is no such program. */
export function versionOf(program) {
  try {
    return ask(program, ["--version"]).trim();
  } catch {
    return undefined;
  }
}

/** Whether a program can be run, by asking for its version. */
export function answers(program) {
  return versionOf(program) !== undefined;
}
