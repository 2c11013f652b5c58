import { existsSync } from "node:fs";
import { Fault } from "./fault.mjs";
import { answers, ask } from "./query.mjs";
import { run } from "./run.mjs";

/**
 * Sees to `files` that Debian's `packages` bring, from there where we may install some. Else the Fault names what
 * to install; `title` says what it is.
 */
export async function ensurePackages({ title, files, packages }, report) {
  const isThere = () => files.every((file) => existsSync(file));
  if (isThere()) return;
  const apt = aptGet();
  if (apt) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    const install = ["install", "-y", "--no-install-recommends", ...packages];
    for (const args of [["update"], install]) {
      await run(apt[0], [...apt.slice(1), ...args], { env, onLine: report });
    }
  }
  if (!isThere()) {
    throw new Fault(
      `Please install ${title} as ${files.join(", ")} ` +
        `(Debian's packages ${packages.join(", ")}), then run this command again.`,
    );
  }
}

/** The words to run apt-get with, or undefined where there is none or we may not. */
function aptGet() {
  if (!answers("apt-get")) return undefined;
  if (process.getuid() === 0) return ["apt-get"];
  try {
    // Fails instead of asking for a password.
    ask("sudo", ["-n", "true"]);
    return ["sudo", "-n", "apt-get"];
  } catch {
    return undefined;
  }
}
