import { ensurePackages } from "./debian.mjs";

/** Where Debian puts the browser the tests use; webdriver.json names it too. */
export const CHROMIUM = "/usr/bin/chromium";
/** The program that drives it. */
export const CHROMEDRIVER = "/usr/bin/chromedriver";

/** The part of the paths of Debian's libraries that names the processor. */
const ARCHITECTURE = { arm64: "aarch64-linux-gnu", x64: "x86_64-linux-gnu" }[process.arch];

/** The browsers that tests use: the files that a test starts, and the packages of Debian's that bring them. */
const BROWSERS = {
  chromium: {
    title: "Chromium and its driver",
    files: [CHROMIUM, CHROMEDRIVER],
    packages: ["chromium", "chromium-driver"],
  },
  firefox: {
    title: "Firefox, and a software GPU for it",
    files: ["/usr/bin/firefox-esr", `/usr/lib/${ARCHITECTURE}/libvulkan_lvp.so`],
    packages: ["firefox-esr", "mesa-vulkan-drivers"],
  },
  webkit: {
    title: "WebKitGTK's driver, which brings its browser, and a display for it",
    files: ["/usr/bin/WebKitWebDriver", "/usr/bin/xvfb-run", "/usr/bin/xauth"],
    packages: ["webkit2gtk-driver", "xvfb", "xauth"],
  },
};

/** Makes a function that sees to a browser. */
export function ensureBrowser(name) {
  return (report) => ensurePackages(BROWSERS[name], report);
}
