import type { Page } from "@playwright/test";
import { isolated } from "../../www/app/file-text";
import { overflow, violations } from "./support/access";
import { chromium, FAKE_CAMERA } from "./support/browser";
import {
  cameras,
  drawCamera,
  goLive,
  hangCamera,
  muteCamera,
  observeCameras,
  setVisible,
  unplugCamera,
} from "./support/camera";
import { SMALL } from "./support/networks";
import { expect, test } from "./support/page";

test.use({ network: SMALL, ...chromium(FAKE_CAMERA) });

test("results follow the camera, with frames per second and latency", async ({
  classifier,
  page,
}) => {
  await goLive(classifier);
  await expect(classifier.result).toContainText("Live");
  const frames = page.locator("[data-pace=frames]");
  const latency = page.locator("[data-pace=latency]");
  await expect(frames).toHaveText(/^\d+(\.\d)?$/);
  await expect(latency).toHaveText(/^\d+(\.\d)?\sms$/);
  expect(Number.parseFloat(await frames.innerText())).toBeGreaterThan(0);
  expect(Number.parseFloat(await latency.innerText())).toBeGreaterThan(1);
  // The fake camera's video moves: so does what is shown of it.
  const bars = () => classifier.result.getByRole("list").innerText();
  const before = await bars();
  await expect.poll(bars).not.toBe(before);
});

test("one classification is under way at most", async ({ classifier, page }) => {
  await page.addInitScript(() => {
    const flow = { underWay: 0, most: 0, done: 0 };
    Object.assign(window, { flow });
    const pending = new Set<string>();
    window.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.addEventListener("message", ({ data }) => {
          if (!pending.delete(data?.id)) return;
          flow.done += 1;
        });
      }
      override postMessage(message: unknown, transfer?: unknown) {
        const { id, path } = message as { id?: string; path?: string[] };
        if (id && path?.at(-1) === "classify") {
          pending.add(id);
          flow.most = Math.max(flow.most, pending.size);
        }
        super.postMessage(message, transfer as Transferable[]);
      }
    };
  });
  await goLive(classifier);
  const flow = () => page.evaluate(() => (window as unknown as { flow: FlowCount }).flow);
  type FlowCount = { most: number; done: number };
  await expect.poll(async () => (await flow()).done).toBeGreaterThan(4);
  expect((await flow()).most).toBe(1);
});

test("where the browser does not report a video's frames, results come all the same", async ({
  classifier,
  page,
}) => {
  await page.addInitScript(() => {
    Reflect.deleteProperty(HTMLVideoElement.prototype, "requestVideoFrameCallback");
  });
  await goLive(classifier);
  const frames = page.locator("[data-pace=frames]");
  await expect(frames).toHaveText(/^\d+(\.\d)?$/);
  // Nothing is left of the first time at the second.
  await page.getByRole("button", { name: "Stop the camera" }).click();
  await page.getByRole("button", { name: "Use the camera" }).click();
  await expect(classifier.result).toContainText("Paused");
  await expect(classifier.result).toContainText("Live");
  await expect(frames).toHaveText(/^\d+(\.\d)?$/);
  await expect(classifier.notice).toHaveCount(0);
});

test("a screen reader hears of a class that stays, not of each frame", async ({
  classifier,
  page,
}) => {
  await page.addInitScript(() => {
    const told: string[] = [];
    Object.assign(window, { told });
    new MutationObserver(() => {
      const text = document.querySelector("#result [role=status]")?.textContent;
      if (text && text !== told.at(-1)) told.push(text);
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await goLive(classifier);
  const status = classifier.result.getByRole("status");
  const first = Date.now();
  await expect(status).toHaveText(/.+, \d+\.\d %/);
  expect(Date.now() - first).toBeGreaterThan(1000);
  await page.waitForTimeout(3000);
  const told = await page.evaluate(() => (window as unknown as { told: string[] }).told);
  expect(told.length).toBeLessThanOrEqual(1 + (Date.now() - first) / 2000);
});

test("smoothing can be switched off, by keyboard", async ({ classifier, page }) => {
  await goLive(classifier);
  const smooth = page.getByRole("checkbox", { name: "Smooth over time" });
  await expect(smooth).toBeChecked();
  await smooth.focus();
  await page.keyboard.press("Space");
  await expect(smooth).not.toBeChecked();
  await expect(classifier.result.getByRole("listitem")).toHaveCount(5);
});

/** The class activation map over the video. */
function heat(page: Page) {
  return page.getByRole("img", { name: /^Where the evidence for .+ lies in the image/ });
}

function whereSwitch(page: Page) {
  return page.getByRole("checkbox", { name: "Show where the evidence lies" });
}

test("where the evidence lies is shown over the video, frame after frame", async ({
  classifier,
  page,
}) => {
  await goLive(classifier);
  await expect(heat(page)).toHaveCount(0);
  await whereSwitch(page).check();
  await expect(heat(page)).toBeVisible();

  // It follows the video, which moves.
  const shown = () => heat(page).evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  const before = await shown();
  await expect.poll(shown).not.toBe(before);
  // Whose evidence it is follows the bars, which a screen reader is told on the map itself.
  const matches = async () => {
    const first = await classifier.result.locator(".bar-label").first().innerText();
    return (await heat(page).getAttribute("aria-label"))
      ?.toLowerCase()
      .includes(first.toLowerCase());
  };
  await expect.poll(matches).toBe(true);

  // It covers the video, drawn in the video's own proportions, so that both are fitted in alike.
  const places = await page.evaluate(() => {
    const video = document.querySelector("video") as HTMLVideoElement;
    const canvas = document.querySelector(".heat") as HTMLCanvasElement;
    const boxOf = (element: HTMLElement) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x, y, width, height, fit: getComputedStyle(element).objectFit };
    };
    const { width, height } = canvas;
    const opacity = (x: number, y: number) =>
      canvas.getContext("2d")?.getImageData(x * width, y * height, 1, 1).data[3];
    return {
      video: boxOf(video),
      canvas: boxOf(canvas),
      proportions: [video.videoWidth / video.videoHeight, width / height],
      // What the network does not see: 224 of 256 of the height is the square it is cut to.
      outside: [opacity(0.1, 0.5), opacity(0.9, 0.5), opacity(0.5, 0.02), opacity(0.5, 0.98)],
    };
  });
  expect(places.canvas).toEqual(places.video);
  expect(places.proportions[1]).toBeCloseTo(places.proportions[0] ?? 0, 2);
  expect(places.outside).toEqual([0, 0, 0, 0]);

  await page.getByRole("button", { name: "Stop the camera" }).click();
  await expect(heat(page)).toHaveCount(0);
  await expect(page.locator(".heat")).toHaveCount(0);
});

test("the map over the video is handled by keyboard", async ({ classifier, page }) => {
  await goLive(classifier);
  await whereSwitch(page).press("Space");
  await expect(heat(page)).toBeVisible();
  const slider = page.getByRole("slider", { name: "Opacity" });
  await slider.press("Home");
  await expect(heat(page)).toHaveCSS("opacity", "0");
  await slider.press("End");
  await expect(heat(page)).toHaveCSS("opacity", "1");
  // Its own button is gone with it: the switch is where one goes on.
  await page.getByRole("button", { name: "Hide" }).press("Enter");
  await expect(heat(page)).toHaveCount(0);
  await expect(whereSwitch(page)).not.toBeChecked();
  await expect(whereSwitch(page)).toBeFocused();
});

test("a class is kept, whatever is most probable meanwhile, until the first is followed again", async ({
  classifier,
  page,
}) => {
  await goLive(classifier);
  // Its place among the five may be another one in the next frame.
  const label = await classifier.result
    .locator(".bar")
    .nth(2)
    .evaluate((bar) => {
      bar.querySelector("button")?.click();
      return bar.querySelector(".bar-label")?.textContent ?? "";
    });
  expect(label).not.toBe("");
  await expect(classifier.result).toContainText(
    `Showing only the evidence for ${isolated(label)}.`,
  );
  await expect(whereSwitch(page)).toBeChecked();
  const kept = page.getByRole("img", { name: `Where the evidence for ${label} lies` });
  await expect(kept).toBeVisible();
  await page.getByRole("button", { name: "Follow the top class" }).press("Enter");
  await expect(classifier.result).not.toContainText("Showing only");
  await expect(whereSwitch(page)).toBeFocused();
  await expect(kept).toHaveCount(0);
  await expect(heat(page)).toBeVisible();
});

test("no frame is looked at twice for its evidence, and none without being asked for", async ({
  classifier,
  page,
}) => {
  await page.addInitScript(() => {
    const asked: unknown[] = [];
    const methods = new Set<string>();
    Object.assign(window, { asked, methods });
    window.Worker = class extends Worker {
      override postMessage(message: unknown, transfer?: unknown) {
        const { path, argumentList } = message as {
          path?: string[];
          argumentList?: { value: { evidence?: unknown } }[];
        };
        const method = path?.at(-1);
        if (method) methods.add(method);
        if (method === "classify") asked.push(argumentList?.at(2)?.value.evidence ?? null);
        super.postMessage(message, transfer as Transferable[]);
      }
    };
  });
  await goLive(classifier);
  const asked = () => page.evaluate(() => (window as unknown as { asked: unknown[] }).asked);
  expect(new Set(await asked())).toEqual(new Set([null]));
  await whereSwitch(page).check();
  await expect(heat(page)).toBeVisible();
  expect(typeof (await asked()).at(-1)).toBe("number");
  await whereSwitch(page).uncheck();
  await expect.poll(async () => (await asked()).at(-1)).toBe(null);
  const methods = await page.evaluate(() => [
    ...(window as unknown as { methods: Set<string> }).methods,
  ]);
  expect(methods).not.toContain("inspect");
});

test("code that crashes is started again, and the next frames are classified", async ({
  classifier,
  page,
}) => {
  await page.addInitScript(() => {
    window.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        window.addEventListener("crash", () =>
          this.dispatchEvent(new MessageEvent("message", { data: { crashed: "it broke" } })),
        );
      }
    };
  });
  await observeCameras(page);
  await goLive(classifier);
  await page.evaluate(() => window.dispatchEvent(new Event("crash")));
  await expect(classifier.notice).toContainText("stopped unexpectedly");
  const bars = () => classifier.result.getByRole("list").innerText();
  const before = await bars();
  await expect.poll(bars).not.toBe(before);
  await expect(classifier.result).toContainText("Live");

  // Code that keeps crashing is given up, and the camera with it.
  for (let crashes = 0; crashes < 3; crashes += 1) {
    await page.evaluate(() => window.dispatchEvent(new Event("crash")));
  }
  await expect(classifier.notice).toContainText("4 times (it broke). Reload the page.");
  await expect(page.locator("video")).toHaveCount(0);
  expect((await cameras(page)).on).toBe(0);
});

test("a frame is taken and classified, and the camera stops", async ({ classifier, page }) => {
  await observeCameras(page);
  await goLive(classifier);
  await page.getByRole("button", { name: "Take a photo" }).press("Enter");
  await expect(page.getByRole("img", { name: "The photo: camera frame" })).toBeVisible();
  expect((await classifier.topResult()).percent).toBeGreaterThan(0);
  await expect(page.locator("video")).toHaveCount(0);
  expect((await cameras(page)).on).toBe(0);
  await expect(page.getByRole("button", { name: "Use the camera" })).toBeFocused();
});

test("a photo from elsewhere takes the camera's place", async ({ classifier, page }) => {
  await observeCameras(page);
  await goLive(classifier);
  await classifier.chooseSample("A cat");
  await expect(page.getByRole("img", { name: "The photo: chelsea.png" })).toBeVisible();
  await expect(page.locator("video")).toHaveCount(0);
  expect((await cameras(page)).on).toBe(0);
});

test("the camera can be stopped without a photo", async ({ classifier, page }) => {
  await observeCameras(page);
  await goLive(classifier);
  expect((await cameras(page)).on).toBe(1);
  await page.getByRole("button", { name: "Stop the camera" }).click();
  await expect(page.locator("video")).toHaveCount(0);
  await expect(page.getByText("Drop a photo here")).toBeVisible();
  expect((await cameras(page)).on).toBe(0);
});

test("a camera that comes when it is no longer wanted is switched off", async ({
  classifier,
  page,
}) => {
  await page.addInitScript(() => {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return open(constraints);
    };
  });
  await observeCameras(page);
  await classifier.open();
  await page.getByRole("button", { name: "Use the camera" }).click();
  await expect(page.getByText("Starting the camera")).toBeVisible();
  await page.getByRole("button", { name: "Stop the camera" }).click();
  await expect.poll(async () => (await cameras(page)).most).toBe(1);
  await expect.poll(async () => (await cameras(page)).on).toBe(0);
});

test("the camera is off while the tab is hidden, and goes on afterwards", async ({
  classifier,
  page,
}) => {
  await observeCameras(page);
  await goLive(classifier);
  await setVisible(page, false);
  await expect(page.getByText("Paused while this tab is hidden")).toBeVisible();
  await expect(classifier.result).toContainText("Paused");
  expect((await cameras(page)).on).toBe(0);
  await expect(page.locator("[data-pace=frames]")).toHaveText("…");
  await setVisible(page, true);
  await expect(page.getByText("It is on again")).toBeVisible();
  await expect(classifier.result).toContainText("Live");
  expect((await cameras(page)).on).toBe(1);
  await expect(page.locator("[data-pace=frames]")).toHaveText(/^\d+(\.\d)?$/);
});

const INTERRUPTED = "The camera is interrupted";

test("while a call takes the camera the page does not claim to be live, and goes on after it", async ({
  classifier,
  page,
}) => {
  await observeCameras(page);
  await goLive(classifier);
  await muteCamera(page, true);
  await expect(page.getByRole("status").filter({ hasText: INTERRUPTED })).toBeVisible();
  await expect(classifier.result).toContainText("Paused");
  await expect(classifier.result).not.toContainText("Live");
  await expect(page.getByRole("button", { name: "Take a photo" })).toBeDisabled();
  await expect(page.locator("[data-pace=frames]")).toHaveText("…");
  // It is still on: it has not been asked for again.
  expect((await cameras(page)).on).toBe(1);
  for (const width of [1440, 375, 320]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await overflow(page)).toBe(0);
  }
  expect(await violations(page)).toEqual([]);
  // The message is read on a background of its own, not on the last frame.
  const message = page.getByRole("status").filter({ hasText: INTERRUPTED });
  const covered = await message.evaluate((element) => {
    const [own, video] = [element, document.querySelector("video")].map((one) => {
      const { x, y, width, height } = one?.getBoundingClientRect() ?? new DOMRect();
      return [x, y, width, height].map(Math.round);
    });
    const isWhole = element.scrollHeight <= element.clientHeight;
    return { own, video, isWhole, background: getComputedStyle(element).backgroundColor };
  });
  expect(covered.own).toEqual(covered.video);
  expect(covered.isWhole).toBe(true);
  expect(covered.background).toMatch(/^rgb\(/);

  await muteCamera(page, false);
  await expect(page.getByText(INTERRUPTED)).toHaveCount(0);
  await expect(classifier.result).toContainText("Live");
  await expect(page.locator("[data-pace=frames]")).toHaveText(/^\d+(\.\d)?$/);
  await expect(page.getByRole("button", { name: "Take a photo" })).toBeEnabled();
  expect((await cameras(page)).asked).toHaveLength(1);
});

test("a camera that is muted from the start says so, and starts when it is not any more", async ({
  classifier,
  page,
}) => {
  await page.addInitScript(() => {
    let muted = true;
    Object.defineProperty(MediaStreamTrack.prototype, "muted", { get: () => muted });
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await open(constraints);
      window.addEventListener("unmute", () => {
        muted = false;
        stream.getVideoTracks()[0]?.dispatchEvent(new Event("unmute"));
      });
      return stream;
    };
  });
  await classifier.open();
  await page.getByRole("button", { name: "Use the camera" }).click();
  await expect(page.getByText(INTERRUPTED)).toBeVisible();
  await expect(classifier.result).toContainText("Paused");
  await page.evaluate(() => window.dispatchEvent(new Event("unmute")));
  await expect(classifier.result).toContainText("Live");
});

for (const frames of ["reports", "only counts"]) {
  test(`a camera that hangs is interrupted, where the browser ${frames} its frames`, async ({
    classifier,
    page,
  }) => {
    if (frames === "only counts") {
      await page.addInitScript(() => {
        Reflect.deleteProperty(HTMLVideoElement.prototype, "requestVideoFrameCallback");
      });
    }
    await drawCamera(page);
    await goLive(classifier);
    await hangCamera(page, true);
    await expect(page.getByText(INTERRUPTED)).toBeVisible();
    await expect(classifier.result).toContainText("Paused");
    await hangCamera(page, false);
    await expect(classifier.result).toContainText("Live");
    await expect(page.getByText(INTERRUPTED)).toHaveCount(0);
  });
}

for (const { when, milliseconds } of [
  { when: "", milliseconds: 0 },
  { when: " while a frame is read", milliseconds: 200 },
]) {
  test(`a camera that is unplugged${when} says what to do, and can be used again`, async ({
    classifier,
    page,
  }) => {
    await page.addInitScript((milliseconds) => {
      const read = window.createImageBitmap as (image: ImageBitmapSource) => Promise<ImageBitmap>;
      window.createImageBitmap = async (image: ImageBitmapSource) => {
        if (milliseconds > 0) await new Promise((done) => setTimeout(done, milliseconds));
        return read(image);
      };
    }, milliseconds);
    await observeCameras(page);
    await goLive(classifier);
    await unplugCamera(page);
    await expect(page.locator("video")).toHaveCount(0);
    await page.waitForTimeout(2 * milliseconds);
    await expect(classifier.notice).toContainText("The camera has stopped: it was unplugged");
    await page.getByRole("button", { name: "Use the camera" }).click();
    await expect(classifier.notice).toHaveCount(0);
    await expect(page.getByRole("button", { name: "Take a photo" })).toBeEnabled();
  });
}

for (const { facing, mirrored } of [
  { facing: "user", mirrored: true },
  { facing: "environment", mirrored: false },
]) {
  test(`a camera facing the ${facing} is shown ${mirrored ? "mirrored" : "as it is"}`, async ({
    classifier,
    page,
  }) => {
    await page.addInitScript((facingMode) => {
      MediaStreamTrack.prototype.getSettings = () => ({ facingMode });
    }, facing);
    await goLive(classifier);
    const transform = mirrored ? "matrix(-1, 0, 0, 1, 0, 0)" : "none";
    await expect(page.locator("video")).toHaveCSS("transform", transform);
    await whereSwitch(page).check();
    await expect(heat(page)).toHaveCSS("transform", transform);
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing in the ${colorScheme} page with the camera on`, async ({
    classifier,
    page,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await observeCameras(page, "environment");
    await goLive(classifier);
    expect(await violations(page)).toEqual([]);
    await expect(page.locator(".bar-fill").first()).toHaveCSS("transition-duration", "0s");
    await classifier.result
      .getByRole("button", { name: /^Where/ })
      .first()
      .click();
    await expect(heat(page)).toBeVisible();
    expect(await violations(page)).toEqual([]);
    // Maps take each other's place; none of them moves there.
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await setVisible(page, false);
    await expect(classifier.result).toContainText("Paused");
    expect(await violations(page)).toEqual([]);
  });
}

for (const height of [440, 640, 812]) {
  test(`on a phone ${height} pixels high the first class is in view with the video, and nothing sticks out`, async ({
    classifier,
    page,
  }) => {
    await page.setViewportSize({ width: 320, height });
    await goLive(classifier);
    expect(await overflow(page)).toBe(0);
    await page.locator("video").evaluate((video) => video.scrollIntoView({ block: "start" }));
    // Said beside the video where the list does not begin in view.
    const whole = () =>
      page.evaluate(() =>
        [".live-first", ".live li"].filter((selector) => {
          const box = document.querySelector(selector)?.getBoundingClientRect();
          return box && box.top >= 0 && box.bottom <= innerHeight;
        }),
      );
    await expect.poll(whole).not.toEqual([]);
    await classifier.result.getByRole("list").scrollIntoViewIfNeeded();
    await expect(page.locator(".live-first")).toHaveCount(0);
  });
}

test("on a low phone the first class is said beside the video", async ({ classifier, page }) => {
  await page.setViewportSize({ width: 320, height: 440 });
  await goLive(classifier);
  await page.locator("video").evaluate((video) => video.scrollIntoView({ block: "start" }));
  await expect(page.locator(".live-first")).toBeInViewport({ ratio: 1 });
  await classifier.result
    .getByRole("button", { name: /^Where/ })
    .first()
    .click();
  await expect(heat(page)).toBeVisible();
  expect(await overflow(page)).toBe(0);
});

const FAULTS = [
  { error: "NotAllowedError", says: "The camera is blocked for this page" },
  { error: "NotFoundError", says: "No camera was found" },
  { error: "NotReadableError", says: "in use by another program" },
  { error: "OverconstrainedError", says: "No camera here can do what this page needs" },
];

for (const { error, says } of FAULTS) {
  test(`a camera that answers ${error} has its own message`, async ({ classifier, page }) => {
    await page.addInitScript((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", name));
    }, error);
    await classifier.open();
    await page.getByRole("button", { name: "Use the camera" }).click();
    await expect(classifier.notice).toContainText(says);
    await expect(page.getByText("Drop a photo here")).toBeVisible();
  });
}

test("a page without HTTPS says why there is no camera", async ({ classifier, page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, "mediaDevices", { value: undefined });
    Object.defineProperty(window, "isSecureContext", { value: false });
  });
  await classifier.open();
  await page.getByRole("button", { name: "Use the camera" }).click();
  await expect(classifier.notice).toContainText("only on pages served over HTTPS");
});
