import { readFileSync } from "node:fs";
import { place } from "./places.mjs";

const { args } = JSON.parse(readFileSync(place("webdriver.json"), "utf8"))["goog:chromeOptions"];

/** WebGPU on Linux, on SwiftShader if there is no GPU. */
export const WEBGPU = ["--enable-unsafe-webgpu"];

/** What Chromium needs in a container, and to leave the network alone: the flags in webdriver.json, which wasm-pack reads. */
export const QUIET = args.filter(
  (flag) => !WEBGPU.includes(flag) && !flag.startsWith("--headless"),
);

/** A camera that shows a test picture, and a person who allows it. */
export const FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

/** Two such cameras. */
export const TWO_FAKE_CAMERAS = [
  "--use-fake-device-for-media-stream=device-count=2",
  "--use-fake-ui-for-media-stream",
];
