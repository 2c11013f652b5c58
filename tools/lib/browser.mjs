import { existsSync } from "node:fs";
import { Fault } from "./fault.mjs";
import { answers, ask } from "./query.mjs";
import { run } from "./run.mjs";

/** Where Debian puts the browser the tests use; webdriver.json names it too. */
export const CHROMIUM = "/usr/bin/chromium";
/** The program that drives it. */
export const CHROMEDRIVER = "/usr/bin/chromedriver";

/** Sees to Chromium and its driver, from Debian's packages where we may install some. */
export async function ensureBrowser(report) {
  if (isThere()) return;
  const apt = aptGet();
  if (apt) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    const install = ["install", "-y", "--no-install-recommends", "chromium", "chromium-driver"];
    for (const args of [["update"], install]) {
      await run(apt[0], [...apt.slice(1), ...args], { env, onLine: report });
    }
  }
  if (!isThere()) {
    throw new Fault(
      `Please install Chromium as ${CHROMIUM} and its driver as ${CHROMEDRIVER} ` +
        "(Debian's packages chromium and chromium-driver), then run this command again.",
    );
  }
}

function isThere() {
  return existsSync(CHROMIUM) && existsSync(CHROMEDRIVER);
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
