import type { Page } from "@playwright/test";
import { chromium, FAKE_CAMERA } from "./support/browser";
import { goLive } from "./support/camera";
import { weightFile } from "./support/files";
import { expect, test } from "./support/page";

test.use(chromium(FAKE_CAMERA));

/**
 * Does with the page what Google Translate does: takes each text node out and puts `<font>` elements with its translation
 * in its place, and so with what comes later, if it goes on. Here the translation is the text between guillemets.
 */
async function translate(page: Page, how: { goesOn: boolean; sparesWhatIsMarked: boolean }) {
  await page.evaluate(({ goesOn, sparesWhatIsMarked }) => {
    const isDone = (node: Node) => node.parentElement?.closest("font, script, style");
    const isSpared = (node: Node) =>
      sparesWhatIsMarked && node.parentElement?.closest('[translate="no"], .notranslate');
    const translateIn = (root: Node) => {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      const texts = root instanceof Text ? [root] : [];
      while (walker.nextNode()) texts.push(walker.currentNode as Text);
      for (const text of texts) {
        if (!text.data.trim() || isDone(text) || isSpared(text)) continue;
        const [outer, inner] = [document.createElement("font"), document.createElement("font")];
        inner.textContent = `«${text.data}»`;
        outer.append(inner);
        text.parentNode?.replaceChild(outer, text);
      }
    };
    translateIn(document.body);
    if (!goesOn) return;
    new MutationObserver((records) => {
      for (const { target, addedNodes, type } of records) {
        if (type === "characterData") translateIn(target);
        for (const node of addedNodes) translateIn(node);
      }
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
  }, how);
}

/** The page translates itself back: the text nodes that were taken out come back as they were. */
async function showOriginal(page: Page, by: "the node that was taken out" | "a new node") {
  await page.evaluate((by) => {
    for (const font of document.querySelectorAll("font:not(font font)")) {
      const text = font.textContent?.slice(1, -1) ?? "";
      const before = font.previousSibling;
      if (by === "a new node") font.replaceWith(text);
      else if (before instanceof Text) font.replaceWith(before);
    }
  }, by);
}

const WAYS = [
  { what: "once", goesOn: false, sparesWhatIsMarked: true },
  { what: "as it changes", goesOn: true, sparesWhatIsMarked: true },
  { what: "with all numbers", goesOn: false, sparesWhatIsMarked: false },
];

for (const { what, ...how } of WAYS) {
  test(`in a page translated ${what} a new photo has a new result, and a new model a new card`, async ({
    classifier,
    page,
  }) => {
    await classifier.open();
    await classifier.ready();
    await classifier.chooseSample("A cat");
    await expect(classifier.result.getByRole("list")).toContainText("Egyptian cat");
    await translate(page, how);
    const heading = page.locator("#model-heading");
    await expect(heading).toHaveText("«ResNet-50»");

    await classifier.chooseSample("A cup of coffee");
    const bars = classifier.result.getByRole("list");
    await expect(bars).toContainText("espresso");
    await expect(bars).toContainText("99.");
    await expect(bars).not.toContainText("Egyptian cat");
    await expect(classifier.result.getByRole("status").first()).toContainText("espresso");
    await expect(classifier.result.getByRole("status").first()).not.toContainText("Egyptian");

    const facts = page.locator(".model .facts");
    await expect(facts).toContainText(/25\D557\D032/);
    await classifier.chooseWeights(await weightFile("basic.safetensors"));
    await expect(heading).not.toContainText("ResNet-50");
    await expect(facts).not.toContainText(/25\D557\D032/);
    await expect(bars).not.toContainText("espresso");
  });

  test(`in a page translated ${what} live numbers go on`, async ({ classifier, page }) => {
    await goLive(classifier);
    await translate(page, how);
    const bars = () => classifier.result.getByRole("list").innerText();
    for (let times = 0; times < 3; times += 1) {
      const before = await bars();
      await expect.poll(bars).not.toBe(before);
    }
    const latency = page.locator("[data-pace=latency]");
    const before = await latency.innerText();
    await expect.poll(() => latency.innerText()).not.toBe(before);
    // Each place says one thing: a new text does not stand beside the translation of the old one.
    const twice = await page.evaluate(() =>
      [...document.querySelectorAll("#result *")]
        .filter((element) => element.querySelectorAll(":scope > font").length > 0)
        .flatMap((element) => {
          const texts = [...element.childNodes].filter(
            (node) => node instanceof Text && node.data.trim(),
          );
          return texts.length > 0 ? [element.outerHTML] : [];
        }),
    );
    expect(twice).toEqual([]);
    await page.getByRole("button", { name: /Stop the camera/ }).click();
    await expect(page.locator("video")).toHaveCount(0);
    await expect(page.getByText("Drop a photo here")).toBeVisible();
  });
}

for (const by of ["the node that was taken out", "a new node"] as const) {
  test(`the original comes back as ${by}, and the page goes on`, async ({ classifier, page }) => {
    await classifier.open();
    await classifier.ready();
    await classifier.chooseSample("A cat");
    await expect(classifier.result.getByRole("list")).toContainText("Egyptian cat");
    const before = await page.locator("body").innerText();
    await translate(page, { goesOn: false, sparesWhatIsMarked: false });
    await showOriginal(page, by);
    await expect.poll(() => page.locator("body").innerText()).toBe(before);
    await classifier.chooseSample("A cup of coffee");
    await expect(classifier.result.getByRole("list")).toContainText("espresso");
    await expect(classifier.result.getByRole("list")).not.toContainText("Egyptian cat");
  });
}
