import { existsSync } from "node:fs";
import { Fault } from "./fault.mjs";
import { answers, ask } from "./query.mjs";
import { run } from "./run.mjs";

/** Where Debian puts the browser the tests use; webdriver.json names it too. */
export const CHROMIUM = "/usr/bin/chromium";
/** The program that drives it. */
export const CHROMEDRIVER = "/usr/bin/chromedriver";

/** The browsers that tests use: the files that a test starts, and the packages of Debian's that bring them. */
const BROWSERS = {
  chromium: {
    title: "Chromium and its driver",
    files: [CHROMIUM, CHROMEDRIVER],
    packages: ["chromium", "chromium-driver"],
  },
  firefox: {
    title: "Firefox",
    files: ["/usr/bin/firefox-esr"],
    packages: ["firefox-esr"],
  },
  webkit: {
    title: "WebKitGTK's driver, which brings its browser, and a display for it",
    files: ["/usr/bin/WebKitWebDriver", "/usr/bin/xvfb-run", "/usr/bin/xauth"],
    packages: ["webkit2gtk-driver", "xvfb", "xauth"],
  },
};

/** Makes a function that sees to a browser, from Debian's packages where we may install some. */
export function ensureBrowser(name) {
  const { title, files, packages } = BROWSERS[name];
  const isThere = () => files.every((file) => existsSync(file));
  return async (report) => {
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
  };
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
