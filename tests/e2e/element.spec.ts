import { expect, type Page } from "@playwright/test";
import { violations } from "./support/access";
import type { StaticHost } from "./support/host";
import { onPackage as test } from "./support/package";

// <resnet-classifier> as the package has it.

const PHOTO = "www/public/photos/coffee.png";

/** Opens a page with the element, which has these attributes. */
async function open(page: Page, host: StaticHost, attributes = ""): Promise<void> {
  host.change("listen.js", () => LISTEN);
  host.change(
    "page.html",
    () => `<!doctype html>
      <html lang="en">
        <title>A page with the element</title>
        <script type="module" src="listen.js"></script>
        <main>
          <h1>What does it show?</h1>
          <resnet-classifier weights="small.safetensors" device="cpu" ${attributes}>
            <p>Photos stay on this device.</p>
          </resnet-classifier>
        </main>
      </html>`,
  );
  await page.goto(`${host.address}page.html`);
}

/** Keeps the element's events, in order, where the test finds them. */
const LISTEN = `
  import "./element.js";
  window.heard = [];
  for (const type of ["ready", "progress", "result", "error"]) {
    document.querySelector("resnet-classifier").addEventListener(type, () => heard.push(type));
  }
`;
const heard = (page: Page) =>
  page.evaluate(() => [...new Set((globalThis as unknown as { heard: string[] }).heard)]);

const results = (page: Page) => page.getByRole("list", { name: "Most probable classes" });
const button = (page: Page) => page.getByRole("button", { name: "Choose a photo" });

test("the element classifies what its src names, for everybody", async ({ page, own }) => {
  await open(page, own, 'src="cat.png" top="3"');
  await expect(results(page).getByRole("listitem")).toHaveCount(3);
  await expect(results(page).getByRole("listitem").first()).toContainText("class 5");
  await expect(page.getByRole("status")).toContainText("It shows: class 5, 12.5%.");
  await expect(page.getByRole("img", { name: "The chosen photo" })).toBeVisible();
  expect(await heard(page)).toEqual(["progress", "ready", "result"]);
  expect(await violations(page)).toEqual([]);
});

test("a photo is chosen with the keyboard", async ({ page, own }) => {
  // Listened for from the start: the browser shows a dialog of its own as long as nothing listens.
  const chooser = page.waitForEvent("filechooser");
  await open(page, own);
  await expect(page.getByRole("status")).toHaveText("The model is ready.");
  await page.keyboard.press("Tab");
  await expect(button(page)).toBeFocused();
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(PHOTO);
  await expect(results(page).getByRole("listitem")).toHaveCount(5);
});

test("a photo is dropped, and one that is none is refused in words", async ({ page, own }) => {
  await open(page, own);
  const drop = (address: string, name: string) =>
    page.evaluate(
      async ([address, name]) => {
        const blob = await (await fetch(address)).blob();
        const data = new DataTransfer();
        data.items.add(new File([blob], name, { type: "image/png" }));
        document
          .querySelector("resnet-classifier")
          ?.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
      },
      [address, name] as const,
    );
  await drop("cat.png", "cat.png");
  await expect(results(page).getByRole("listitem")).toHaveCount(5);
  await drop("small.safetensors", "none.png");
  await expect(page.getByRole("alert")).toContainText("none.png");
  await expect(results(page).getByRole("listitem")).toHaveCount(0);
  expect(await heard(page)).toContain("error");
});

test("it has its looks under a strict policy, and a page changes them by parts", async ({
  page,
  own,
}) => {
  own.headers = {
    "content-security-policy":
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' blob:",
  };
  own.change("looks.css", () => "resnet-classifier::part(bar) { block-size: 11px }");
  await open(page, own, 'src="cat.png"');
  await page.evaluate(() => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href: "looks.css" });
    document.head.append(link);
  });
  await expect(results(page).getByRole("listitem")).toHaveCount(5);
  const zone = page.locator('[part="drop-zone"]');
  await expect(zone).toHaveCSS("border-top-style", "dashed");
  await expect(page.locator('[part="bar"]').first()).toHaveCSS("block-size", "11px");
});

test("its workers end when it is removed", async ({ page, own }) => {
  await open(page, own, 'src="cat.png"');
  await expect(results(page).getByRole("listitem")).toHaveCount(5);
  expect(page.workers().length).toBeGreaterThan(0);
  await page.evaluate(() => document.querySelector("resnet-classifier")?.remove());
  await expect.poll(() => page.workers().length).toBe(0);
});
