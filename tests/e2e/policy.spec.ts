import { expect, test } from "@playwright/test";

interface Watched {
  refused: string[];
}

/** What somebody who smuggled code into the page would try, and the directive that refuses it. */
const REFUSED: { what: string; code: () => unknown; directive: string }[] = [
  {
    what: "a request to another origin",
    code: () => fetch("https://example.com/").catch(() => {}),
    directive: "connect-src",
  },
  {
    what: "a beacon to another origin",
    code: () => navigator.sendBeacon("https://example.com/", "photo"),
    directive: "connect-src",
  },
  {
    what: "a picture of another origin",
    code: () => {
      new Image().src = "https://example.com/photo.png";
    },
    directive: "img-src",
  },
  {
    what: "a script between the page's own lines",
    code: () => {
      const script = document.createElement("script");
      script.textContent = "globalThis.ran = true";
      document.head.append(script);
    },
    directive: "script-src-elem",
  },
  {
    what: "a script of another origin",
    code: () => {
      const script = document.createElement("script");
      script.src = "https://example.com/script.js";
      document.head.append(script);
    },
    directive: "script-src-elem",
  },
  {
    what: "a text run as code",
    code: () => {
      const input = document.createElement("div");
      input.setAttribute("onclick", "globalThis.ran = true");
      input.click();
    },
    directive: "script-src-attr",
  },
  {
    what: "a frame of another origin",
    code: () => {
      const frame = document.createElement("iframe");
      frame.src = "https://example.com/";
      document.body.append(frame);
    },
    directive: "frame-src",
  },
  {
    what: "another base for addresses",
    code: () => {
      const base = document.createElement("base");
      base.href = "https://example.com/";
      document.head.append(base);
    },
    directive: "base-uri",
  },
  {
    what: "a form sent to another origin",
    code: () => {
      const form = document.createElement("form");
      form.action = "https://example.com/";
      document.body.append(form);
      form.submit();
    },
    directive: "form-action",
  },
];

test("the page speaks with its own origin alone, and runs its own code alone", async ({ page }) => {
  await page.goto("./?device=cpu");
  await page.evaluate(() => {
    const refused: string[] = [];
    Object.assign(globalThis, { refused });
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
      refused.push(effectiveDirective);
    });
  });
  for (const { what, code, directive } of REFUSED) {
    await test.step(what, async () => {
      await page.evaluate(code);
      const last = () => page.evaluate(() => (globalThis as unknown as Watched).refused.splice(0));
      await expect.poll(last, what).toEqual([directive]);
    });
  }
  expect(await page.evaluate(() => "ran" in globalThis)).toBe(false);
  const own = await page.evaluate(async () => (await fetch("./icon.svg")).status);
  expect(own).toBe(200);
});
