import { launchChromium, launchFirefox } from "./puppeteer";
import { launchWebKit } from "./webkit";

/** The engines, by what starts their browser. */
export const LAUNCH = {
  chromium: launchChromium,
  firefox: launchFirefox,
  webkit: launchWebKit,
};

export type Engine = keyof typeof LAUNCH;
