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
  const wanted = wantedToolchain();
  const of = ["--toolchain", wanted.channel];

  await ensureToolchain(wanted.channel, report);
  for (const target of wanted.targets) await ensureTarget(target, report);
  const components = ask("rustup", ["component", "list", "--installed", ...of]).split("\n");
  for (const component of wanted.components) {
    // rustup lists a component with the machine it is for: "clippy-x86_64-unknown-linux-gnu".
    if (components.some((name) => name === component || name.startsWith(`${component}-`))) continue;
    await rustup(["component", "add", component, ...of], report);
  }
}

/** Sees to a Rust toolchain, without targets and components. */
export async function ensureToolchain(channel, report) {
  const toolchains = ask("rustup", ["toolchain", "list"]).split("\n");
  if (toolchains.some((name) => name.startsWith(`${channel}-`))) return;
  await rustup(["toolchain", "install", channel, "--profile", "minimal"], report);
}

/** Sees to the standard library for a target, of the toolchain that rust-toolchain.toml names. */
export async function ensureTarget(target, report) {
  const of = ["--toolchain", wantedToolchain().channel];
  if (
    ask("rustup", ["target", "list", "--installed", ...of])
      .split("\n")
      .includes(target)
  )
    return;
  await rustup(["target", "add", target, ...of], report);
}

const rustup = (args, report) =>
  run("rustup", args, { onLine: (line) => report(progressOf(line)) });

/** The channel, targets and components of a rust-toolchain.toml. */
export function parseToolchain(toml) {
  const channel = toml.match(/^channel\s*=\s*"([^"]+)"/m)?.[1];
  if (!channel) throw new Fault("rust-toolchain.toml names no channel; add one to it.");
  return { channel, targets: listIn(toml, "targets"), components: listIn(toml, "components") };
}

/** What rust-toolchain.toml asks for. */
export function wantedToolchain() {
  return parseToolchain(readFileSync(place("rust-toolchain.toml"), "utf8"));
}

function listIn(toml, key) {
  const list = toml.match(new RegExp(`^${key}\\s*=\\s*\\[([^\\]]*)\\]`, "m"))?.[1] ?? "";
  return [...list.matchAll(/"([^"]+)"/g)].map((match) => match[1]);
}
