import { QUIET } from "../../../tools/lib/chromium.mjs";

export { FAKE_CAMERA, TWO_FAKE_CAMERAS, WEBGPU } from "../../../tools/lib/chromium.mjs";

/** Playwright's options for the system's Chromium. */
export function chromium(more: string[] = []) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return { launchOptions: { executablePath, args: [...QUIET, ...more] } };
}
