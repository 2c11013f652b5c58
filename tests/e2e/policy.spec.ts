import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "@playwright/test";

interface Watched {
  refused: string[];
}

const ELSEWHERE = "https://example.com/";

/** Elements that injected code would add to the page, and the directive that refuses each. */
const ELEMENTS: { what: string; tag: string; set: Record<string, string>; directive: string }[] = [
  { what: "an image", tag: "img", set: { src: ELSEWHERE }, directive: "img-src" },
  { what: "a script", tag: "script", set: { src: ELSEWHERE }, directive: "script-src-elem" },
  {
    what: "a script between the page's own lines",
    tag: "script",
    set: { textContent: "globalThis.ran = true" },
    directive: "script-src-elem",
  },
  { what: "a frame", tag: "iframe", set: { src: ELSEWHERE }, directive: "frame-src" },
  {
    what: "another base for addresses",
    tag: "base",
    set: { href: ELSEWHERE },
    directive: "base-uri",
  },
];

/** The same of what that code would do. */
const ACTIONS: { what: string; act: (elsewhere: string) => unknown; directive: string }[] = [
  {
    what: "a request",
    act: (elsewhere) => fetch(elsewhere).catch(() => {}),
    directive: "connect-src",
  },
  {
    what: "a beacon",
    act: (elsewhere) => navigator.sendBeacon(elsewhere, "photo"),
    directive: "connect-src",
  },
  {
    what: "a text run as code",
    act: () => {
      const element = document.createElement("div");
      element.setAttribute("onclick", "globalThis.ran = true");
      element.click();
    },
    directive: "script-src-attr",
  },
  {
    what: "a form",
    act: (elsewhere) => {
      const form = document.createElement("form");
      form.action = elsewhere;
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
  const isRefused = (what: string, directive: string) => {
    const last = () => page.evaluate(() => (globalThis as unknown as Watched).refused.splice(0));
    return expect.poll(last, what).toEqual([directive]);
  };
  for (const { what, tag, set, directive } of ELEMENTS) {
    await page.evaluate(
      ({ tag, set }) => {
        document.head.append(Object.assign(document.createElement(tag), set));
      },
      { tag, set },
    );
    await isRefused(what, directive);
  }
  for (const { what, act, directive } of ACTIONS) {
    await page.evaluate(act, ELSEWHERE);
    await isRefused(what, directive);
  }
  expect(await page.evaluate(() => "ran" in globalThis)).toBe(false);
  const own = await page.evaluate(async () => (await fetch("./icon.svg")).status);
  expect(own).toBe(200);
});

/** Names of what only tests may bring about, in page, worker and wasm. */
const SWITCHES = ["loseDevice", "crash() was called", 'get("fault")', "get(`fault`)"];

test("the build has no switches for tests", async () => {
  const files = await readdir("dist/assets");
  const found = await Promise.all(
    files.map(async (file) => {
      const content = await readFile(`dist/assets/${file}`);
      return SWITCHES.filter((name) => content.includes(name)).map((name) => `${file}: ${name}`);
    }),
  );
  expect(files.length).toBeGreaterThan(5);
  expect(found.flat()).toEqual([]);
});
