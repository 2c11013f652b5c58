import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { inExtension } from "./support/extension";
import { type Content, ExampleHost } from "./support/host";
import { Project, type Variant } from "./support/project";

const PHOTO = path.resolve("www/public/photos/chelsea.png");
const ANSWER = /^Egyptian.cat 0\.7\d, /;
/** As many threads as the package takes at most. */
const THREADS = Math.min(availableParallelism(), 8);

/** How a project's page is served: the files of a folder, or by the project's own server, started by a script of its. */
type Served = { folder: string } | { script: string };

/** A project with a page. */
interface PageExample extends Variant {
  name: string;
  /** Arguments for the script that builds it; left out where there is nothing to build. */
  build?: string[];
  served: Served[];
}

const PAGES: PageExample[] = [
  { name: "vite", build: [], served: [{ folder: "dist" }, { script: "dev" }] },
  {
    name: "vite",
    variant: "7",
    // Its dev server moves the package's code to another folder than its workers'.
    versions: { vite: "7.3.8" },
    build: [],
    served: [{ folder: "dist" }, { script: "dev" }],
  },
  { name: "element", build: [], served: [{ folder: "dist" }] },
  { name: "webpack", build: [], served: [{ folder: "." }] },
  { name: "rollup", build: [], served: [{ folder: "." }] },
  { name: "esbuild", build: [], served: [{ folder: "." }] },
  { name: "parcel", build: [], served: [{ folder: "dist" }] },
  { name: "next", build: [], served: [{ script: "start" }] },
  { name: "next", variant: "webpack", build: ["--webpack"], served: [{ script: "start" }] },
  { name: "no-bundler", served: [{ folder: "." }] },
];

for (const { name, build, served, ...variant } of PAGES) {
  const title = [name, variant.variant].filter(Boolean).join(" ");
  test(`${title}: a page that imports the package classifies a photo, isolated or not`, async ({
    browser,
  }) => {
    const project = new Project(name, variant);
    await test.step("install", () => project.install());
    if (build) {
      await test.step("build", () => project.run("npm", ["run", "build", "--", ...build]));
    }
    for (const each of served) {
      const content: Content =
        "script" in each
          ? { port: await project.serve(each.script) }
          : { folder: path.join(project.folder, each.folder) };
      const host = new ExampleHost(content);
      await host.open();
      const address = `${host.origin}/`;
      try {
        for (const isolates of [false, true]) {
          host.isolates = isolates;
          await test.step(`${Object.values(each)}${isolates ? ", isolated" : ""}`, async () => {
            const page = await browser.newPage();
            await classifies(page, address, isolates ? THREADS : 1);
            await page.close();
          });
        }
      } finally {
        host.close();
        project.close();
      }
    }
  });
}

/** What isolates the pages of an extension. */
const ISOLATION = {
  cross_origin_embedder_policy: { value: "require-corp" },
  cross_origin_opener_policy: { value: "same-origin" },
};

test("extension: its page classifies a photo, isolated or not", async () => {
  const project = new Project("extension");
  await project.install();
  await project.run("npm", ["run", "build"]);
  const folder = path.join(project.folder, "extension");
  const file = path.join(folder, "manifest.json");
  const manifest = JSON.parse(await readFile(file, "utf8"));
  for (const isolation of [{}, ISOLATION]) {
    await writeFile(file, JSON.stringify({ ...manifest, ...isolation }));
    await inExtension(folder, async (context, address) => {
      const threads = isolation === ISOLATION ? THREADS : 1;
      await classifies(await context.newPage(), `${address}page.html`, threads);
    });
  }
});

test("node: the command line classifies a photo", async () => {
  const project = new Project("node");
  await project.install();
  await project.addWeights();
  expect(await project.run("node", ["classify.js", PHOTO])).toMatch(/^Egyptian.cat 0\.7\d\n/);
});

/** Opens the page of an example and chooses a photo; failures are gathered in the test's report. */
async function classifies(page: Page, address: string, threads: number): Promise<void> {
  const complaints: string[] = [];
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("response", (response) => {
    if (!response.ok()) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(address);
  await expect.soft(page.locator("#device")).toHaveText(`Threads: ${threads}`);
  await page.locator("input[type=file]").setInputFiles(PHOTO);
  await expect.soft(page.locator("output")).toHaveText(ANSWER);
  expect.soft(complaints).toEqual([]);
}
