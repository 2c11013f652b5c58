/** What headless Chromium needs in a container, and not to look for a network. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** WebGPU on SwiftShader, a software adapter. */
export const WEBGPU = ["--enable-unsafe-webgpu"];

const ALLOWED = "--use-fake-ui-for-media-stream";

/** A camera that shows a test picture, and a person who allows it. */
export const FAKE_CAMERA = ["--use-fake-device-for-media-stream", ALLOWED];

/** Two of them. */
export const TWO_FAKE_CAMERAS = ["--use-fake-device-for-media-stream=device-count=2", ALLOWED];

/** Playwright's options for the system's Chromium. */
export function chromium(more: string[] = []) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return { launchOptions: { executablePath, args: [...ARGUMENTS, ...more] } };
}
