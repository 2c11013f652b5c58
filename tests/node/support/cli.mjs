import { spawn } from "node:child_process";
import path from "node:path";
import { CONSUMER } from "../../../tools/lib/installed-package.mjs";

/** The command as npm installs it. */
const COMMAND = path.join(CONSUMER, "node_modules", ".bin", "resnet-web");

/** A command that does not end by then hangs, in milliseconds. */
const HANGS = 120_000;

/** Starts `resnet-web` with these arguments, and with these variables of the environment besides. */
export function start(args, variables = {}) {
  const env = { ...process.env, ...variables };
  return spawn(process.execPath, [COMMAND, ...args], { cwd: CONSUMER, timeout: HANGS, env });
}

/** Runs `resnet-web` to its end, and returns the exit code and what it printed. */
export async function resnetWeb(args) {
  const child = start(args);
  const text = { out: "", err: "" };
  child.stdout.on("data", (data) => {
    text.out += data;
  });
  child.stderr.on("data", (data) => {
    text.err += data;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, ...text };
}

/** Does `work` with the address that `resnet-web serve` prints. */
export async function withServer(args, work) {
  const child = start(["serve", "--port", "0", ...args]);
  try {
    const address = await new Promise((resolve, reject) => {
      child.stdout.once("data", (data) => resolve(String(data).trim()));
      child.once("close", (code) => reject(new Error(`serve ended with ${code}`)));
    });
    return await work(address);
  } finally {
    child.kill();
  }
}
