import type { Page } from "@playwright/test";
import { type ClassifierPage, expect } from "./page";

/** What a page under {@link observeCameras} knows of the cameras that were opened. */
interface Observed {
  streams: MediaStream[];
  /** What was asked for, each time. */
  asked: MediaTrackConstraints[];
  /** The most tracks that were live at once. */
  most: number;
}

/** Keeps every camera that the page opens at hand; `facing` is what each says of where it looks. */
export async function observeCameras(page: Page, facing?: string): Promise<void> {
  await page.addInitScript((facingMode) => {
    const observed: Observed = { streams: [], asked: [], most: 0 };
    Object.assign(window, { observed });
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const video = constraints?.video as MediaTrackConstraints;
      observed.asked.push(video);
      const stream = await open(constraints);
      observed.streams.push(stream);
      const live = observed.streams.flatMap((opened) => opened.getTracks());
      observed.most = Math.max(
        observed.most,
        live.filter(({ readyState }) => readyState === "live").length,
      );
      if (!facingMode) return stream;
      for (const track of stream.getVideoTracks()) {
        const settings = track.getSettings.bind(track);
        const wish = (video.facingMode as { ideal?: string } | undefined)?.ideal;
        track.getSettings = () => ({ ...settings(), facingMode: wish ?? facingMode });
      }
      return stream;
    };
  }, facing);
}

/** The cameras that were opened: how many are on, how many were at most, and what was asked for. */
export function cameras(page: Page) {
  return page.evaluate(() => {
    const { streams, asked, most } = (window as unknown as { observed: Observed }).observed;
    const tracks = streams.flatMap((stream) => stream.getTracks());
    return { on: tracks.filter(({ readyState }) => readyState === "live").length, most, asked };
  });
}

/** The camera that is on is unplugged. */
export function unplugCamera(page: Page): Promise<void> {
  return page.evaluate(() => {
    const { streams } = (window as unknown as { observed: Observed }).observed;
    for (const track of streams.at(-1)?.getTracks() ?? []) {
      track.stop();
      // Ended by the page itself it says nothing.
      track.dispatchEvent(new Event("ended"));
    }
  });
}

/** The system takes the camera's video away, as for a call, or gives it back. */
export function muteCamera(page: Page, muted: boolean): Promise<void> {
  return page.evaluate((muted) => {
    const { streams } = (window as unknown as { observed: Observed }).observed;
    for (const track of streams.at(-1)?.getTracks() ?? []) {
      Object.defineProperty(track, "muted", { value: muted, configurable: true });
      track.dispatchEvent(new Event(muted ? "mute" : "unmute"));
    }
  }, muted);
}

/** Puts a drawing in the camera's place, which goes on until it is told to hang. */
export async function drawCamera(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
    const context = canvas.getContext("2d");
    let isHanging = false;
    let frames = 0;
    window.addEventListener("camera", (event) => {
      isHanging = (event as CustomEvent<boolean>).detail;
    });
    setInterval(() => {
      if (isHanging || !context) return;
      frames += 1;
      context.fillStyle = `hsl(${frames}, 80%, 50%)`;
      context.fillRect(0, 0, canvas.width, canvas.height);
    }, 50);
    navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
  });
}

/** The camera that is drawn hangs, or goes on. */
export function hangCamera(page: Page, hangs: boolean): Promise<void> {
  return page.evaluate((detail) => {
    window.dispatchEvent(new CustomEvent("camera", { detail }));
  }, hangs);
}

/** The tab goes out of view, or comes back. */
export function setVisible(page: Page, visible: boolean): Promise<void> {
  return page.evaluate(
    (state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    },
    visible ? "visible" : "hidden",
  );
}

/** Opens the page, starts the camera and waits until there is something to see. */
export async function goLive(classifier: ClassifierPage): Promise<void> {
  const { page, result } = classifier;
  await classifier.open();
  await page.getByRole("button", { name: "Use the camera" }).click();
  await expect(page.getByRole("button", { name: "Take a photo" })).toBeEnabled();
  await expect(result.getByRole("listitem")).toHaveCount(5);
}
