import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "@playwright/test";
import { overflow, violations } from "./support/access";
import { chromium, FAKE_CAMERA } from "./support/browser";
import { expect, onHost as test } from "./support/page";

// Servers that forbid something the page needs, that have another version of it by now, and none at all. The page's own
// fixture takes a refusal by a policy for a fault; here that is the point.

test.use(chromium(FAKE_CAMERA));

const notice = (page: Page) => page.getByRole("alert");

async function isReadable(page: Page): Promise<void> {
  expect(await violations(page)).toEqual([]);
  await page.setViewportSize({ width: 375, height: 800 });
  expect(await overflow(page)).toBeLessThanOrEqual(0);
}

test("a policy without wasm is named, not the connection", async ({ host, page }) => {
  host.headers = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob: data:; worker-src 'self'",
  };
  await page.goto(`${host.address}?device=cpu`);
  await expect(notice(page).first()).toContainText(
    "This site's Content-Security-Policy forbids WebAssembly",
  );
  await expect(notice(page).first()).toContainText("'wasm-unsafe-eval'");
  await expect(notice(page).filter({ hasText: "connection" })).toHaveCount(0);
  await isReadable(page);
  await page.goto(`${host.address}?device=cpu&lang=de`);
  await expect(notice(page).first()).toContainText("verbietet WebAssembly");
});

test.describe("a camera", () => {
  const camera = (page: Page) => page.getByRole("button", { name: "Use the camera" });

  test("that the server's policy forbids", async ({ host, page }) => {
    host.headers = { "permissions-policy": "camera=()" };
    await page.goto(`${host.address}?device=cpu`);
    await camera(page).click();
    await expect(notice(page).filter({ hasText: "Permissions-Policy" })).toContainText(
      "camera=(self)",
    );
    await isReadable(page);
  });

  for (const { allow, says } of [
    { allow: "", says: /does not share the camera with it.*allow="camera"/ },
    { allow: "camera", says: null },
  ]) {
    test(`in a frame of another site with allow="${allow}"`, async ({ host, page }) => {
      const address = host.address.replace("127.0.0.1", "localhost");
      host.change(
        "around.html",
        () =>
          `<iframe src="${address}?device=cpu" allow="${allow}" width="900" height="900"></iframe>`,
      );
      await page.goto(`${host.address}around.html`);
      const frame = page.frameLocator("iframe");
      await frame.getByRole("button", { name: "Use the camera" }).click();
      if (says) await expect(frame.getByRole("alert").filter({ hasText: says })).toBeVisible();
      else await expect(frame.getByRole("button", { name: "Take a photo" })).toBeEnabled();
    });
  }
});

test.describe("where a new version has taken the old one's place", () => {
  /** From now on the host has other files, and no longer those that the page was made of. */
  const deploy = async (page: Page) => {
    await page.context().route("**/assets/**", (route) => route.fulfill({ status: 404, body: "" }));
    await page.context().route(/\/some\/folder\/(\?.*)?$/, async (route) => {
      const answer = await route.fetch();
      const html = (await answer.text()).replace(/assets\/index-[^"]*\.js/, "assets/index-new.js");
      await route.fulfill({ response: answer, body: html });
    });
  };
  const outdated = (page: Page) => notice(page).filter({ hasText: "This page is out of date" });

  test("a comparison offers to reload the page", async ({ host, classifier, page }) => {
    await page.goto(`${host.address}?device=cpu`);
    await classifier.ready();
    await deploy(page);
    const compare = page.getByRole("region", { name: "Compare" });
    await compare.getByRole("button", { name: "With 8-bit arithmetic" }).click();
    await expect(outdated(page)).toContainText("the files of this one are gone");
    await isReadable(page);
    await page.context().unrouteAll();
    await Promise.all([
      page.waitForEvent("load"),
      outdated(page).getByRole("button", { name: "Reload the page" }).click(),
    ]);
    await classifier.ready();
  });

  test("another device offers to reload the page", async ({ host, classifier, page }) => {
    await page.goto(`${host.address}?device=cpu`);
    await classifier.ready();
    await deploy(page);
    await page.getByLabel("Run on").selectOption("webgpu");
    await expect(outdated(page)).toHaveCount(1);
    await expect(outdated(page).getByRole("button", { name: "Reload the page" })).toBeVisible();
    // The model that was there still answers.
    await outdated(page).getByRole("button", { name: "Dismiss" }).click();
    await expect(notice(page)).toHaveCount(0);
  });

  test("a page whose script is gone says so", async ({ host, page }) => {
    await page.context().route("**/assets/**", (route) => route.fulfill({ status: 404, body: "" }));
    await page.goto(host.address);
    await expect(notice(page)).toContainText("reload the page");
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  });

  test("code that is gone for another reason is an error as before", async ({ host, page }) => {
    await page.context().route("**/*.wasm", (route) => route.fulfill({ status: 404, body: "" }));
    await page.goto(`${host.address}?device=cpu`);
    await expect(notice(page).first()).toContainText("could not be loaded");
    await expect(outdated(page)).toHaveCount(0);
  });
});

test("opened from a folder the page says what it needs", async ({ page }) => {
  await page.goto(pathToFileURL(path.resolve("dist/index.html")).href);
  await expect(notice(page)).toContainText("It needs a web server");
  await expect(notice(page)).toContainText("Sie braucht einen Webserver");
  await page.setViewportSize({ width: 375, height: 800 });
  expect(await overflow(page)).toBeLessThanOrEqual(0);
});
