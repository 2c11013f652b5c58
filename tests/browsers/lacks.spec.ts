import { SMALL } from "../e2e/support/networks";
import type { ClassifierTab } from "./support/classifier";
import { expect, test } from "./support/test";

test.use({ network: SMALL });

/** What the page uses that not every browser has. */
interface Feature {
  what: string;
  /** Whether this browser has it, as the page sees it. */
  isThere: () => boolean;
  /** Takes it away, as a browser that never had it. */
  goes: () => unknown;
  /** The controls that need it: buttons by their texts, others by their CSS selectors. */
  controls: string[];
  /** What the page says where it is missing; nothing where the controls are all there is to it. */
  says?: string;
}

const FEATURES: Feature[] = [
  {
    what: "WebGPU",
    isThere: () => "gpu" in navigator,
    goes: () => Reflect.deleteProperty(Navigator.prototype, "gpu"),
    controls: ["#device"],
    says: "This browser has no WebGPU: the CPU is the only device.",
  },
  {
    what: "folders",
    isThere: () => "webkitdirectory" in HTMLInputElement.prototype,
    goes: () => Reflect.deleteProperty(HTMLInputElement.prototype, "webkitdirectory"),
    controls: ["Choose a folder"],
  },
  {
    what: "cameras",
    isThere: () => "mediaDevices" in navigator,
    goes: () => Reflect.deleteProperty(Navigator.prototype, "mediaDevices"),
    controls: ["Use the camera"],
  },
  {
    what: "the clipboard",
    isThere: () => "clipboard" in navigator,
    goes: () => Reflect.deleteProperty(Navigator.prototype, "clipboard"),
    controls: ["Copy result", "Copy link", "Copy Markdown"],
  },
  {
    what: "service workers",
    isThere: () => "serviceWorker" in navigator,
    goes: () => Reflect.deleteProperty(Navigator.prototype, "serviceWorker"),
    controls: [],
    says: "does not work: this browser has no service workers",
  },
];

/** What the page shows of each feature: its controls, and whether it says that it is missing. */
async function shown({ tab }: ClassifierTab) {
  const text = await tab.text();
  const isThere = (control: string) =>
    tab.evaluate((control) => {
      const buttons = [...document.querySelectorAll("button")];
      if (buttons.some(({ innerText }) => innerText.trim() === control)) return true;
      return /^[#.]/.test(control) && document.querySelector(control) !== null;
    }, control);
  const found: Record<string, { controls: string[]; isSaid: boolean }> = {};
  for (const { what, controls, says } of FEATURES) {
    const present: string[] = [];
    for (const control of controls) if (await isThere(control)) present.push(control);
    found[what] = { controls: present, isSaid: says !== undefined && text.includes(says) };
  }
  return found;
}

/** What it has to show, where the browser has these features. */
function expected(isThere: (feature: Feature) => boolean) {
  return Object.fromEntries(
    FEATURES.map((feature) => {
      const there = isThere(feature);
      const { controls, says } = feature;
      return [
        feature.what,
        { controls: there ? controls : [], isSaid: !there && says !== undefined },
      ];
    }),
  );
}

test("the page offers what the browser has, and says what it lacks", async ({ classifier }) => {
  await classifier.open();
  await classifier.sees("A cat");
  const there = new Set<string>();
  for (const { what, isThere } of FEATURES) {
    if (await classifier.tab.evaluate(isThere)) there.add(what);
  }
  expect(await shown(classifier)).toEqual(expected(({ what }) => there.has(what)));
});

test("a browser that lacks all of it classifies photos, and is offered nothing in vain", async ({
  classifier,
  host,
}) => {
  const script = FEATURES.map(({ goes }) => `(${goes})();`).join("\n");
  host.change("before.js", () => script);
  // The page's policy allows its own scripts only.
  const first = '<script src="./before.js"></script>';
  host.change("index.html", (html) => html.replace("<title>", `${first}<title>`));
  await classifier.open();
  await classifier.sees("A cat");
  expect(await shown(classifier)).toEqual(expected(() => false));
  expect(await classifier.tab.text(".source")).not.toContain("camera");
});

test("where no camera is connected the page says so", async ({ classifier }) => {
  await classifier.open();
  await classifier.ready();
  await classifier.tab.clickButton("Use the camera");
  await classifier.says("No camera was found", ".notice");
});

/** What a setting of Firefox takes away, and what the page says then; nothing where it is as good without. */
const SETTINGS: { what: string; setting: string; says?: RegExp }[] = [
  { what: "relaxed SIMD", setting: "javascript.options.wasm_relaxed_simd" },
  {
    what: "shared memory",
    setting: "javascript.options.shared_memory",
    says: /More threads need WebAssembly.s shared memory/,
  },
  {
    what: "service workers",
    setting: "dom.serviceWorkers.enabled",
    says: /does not work: this browser has no service workers/,
  },
];

for (const { what, setting, says } of SETTINGS) {
  test.describe(`in a Firefox without ${what}`, () => {
    test.skip(({ engine }) => engine !== "firefox", "a setting of Firefox");
    test.use({ preferences: { [setting]: false } });

    test(`a photo is classified${says ? ", and the page says what is missing" : ""}`, async ({
      classifier,
    }) => {
      await classifier.open();
      await classifier.sees("A cat");
      if (says) await classifier.says(says);
    });
  });
}

test.describe("in a Firefox without WebAssembly", () => {
  test.skip(({ engine }) => engine !== "firefox", "a setting of Firefox");
  test.use({ preferences: { "javascript.options.wasm": false } });

  test("the page says what to do", async ({ classifier }) => {
    await classifier.open();
    await classifier.says(/runs no WebAssembly here.*use another browser/, ".notice");
  });
});
