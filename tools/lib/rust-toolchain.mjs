import { readFileSync } from "node:fs";
import { Fault } from "./fault.mjs";
import { place } from "./places.mjs";
import { ask } from "./query.mjs";
import { run } from "./run.mjs";
import { progressOf } from "./steps.mjs";

/**
 * Sees to the Rust toolchain that rust-toolchain.toml names, with its targets and components,
 * through rustup, which is not left to do it by itself: it may be configured not to.
 */
export async function ensureRustToolchain(report) {
  const wanted = parseToolchain(readFileSync(place("rust-toolchain.toml"), "utf8"));
  const installed = (...args) => ask("rustup", args).split("\n");
  const rustup = (...args) => run("rustup", args, { onLine: (line) => report(progressOf(line)) });
  const of = ["--toolchain", wanted.channel];

  const toolchains = installed("toolchain", "list");
  if (!toolchains.some((name) => name.startsWith(`${wanted.channel}-`))) {
    await rustup("toolchain", "install", wanted.channel, "--profile", "minimal");
  }
  const targets = installed("target", "list", "--installed", ...of);
  for (const target of wanted.targets.filter((name) => !targets.includes(name))) {
    await rustup("target", "add", target, ...of);
  }
  const components = installed("component", "list", "--installed", ...of);
  for (const component of wanted.components) {
    // rustup lists a component with the machine it is for: "clippy-x86_64-unknown-linux-gnu".
    if (components.some((name) => name === component || name.startsWith(`${component}-`))) continue;
    await rustup("component", "add", component, ...of);
  }
}

/** The channel, targets and components of a rust-toolchain.toml. */
export function parseToolchain(toml) {
  const channel = toml.match(/^channel\s*=\s*"([^"]+)"/m)?.[1];
  if (!channel) throw new Fault("rust-toolchain.toml names no channel; add one to it.");
  return { channel, targets: listIn(toml, "targets"), components: listIn(toml, "components") };
}

function listIn(toml, key) {
  const list = toml.match(new RegExp(`^${key}\\s*=\\s*\\[([^\\]]*)\\]`, "m"))?.[1] ?? "";
  return [...list.matchAll(/"([^"]+)"/g)].map((match) => match[1]);
}
