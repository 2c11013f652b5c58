import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { allSamples, type Check, type Sample } from "../../tools/lib/docs/samples.mjs";
import { Host } from "./support/host";
import { fileNameOf, javaScriptOf, syntaxErrors, typeErrors } from "./support/typescript";

const run = promisify(execFile);
const samples = allSamples();
const checkedBy = (...checks: Check[]) =>
  samples.filter(({ check }) => check !== undefined && checks.includes(check));
const titleOf = ({ page, line, language }: Sample) => `${page}:${line}, ${language}`;
const wantsAnswer = ({ marks }: Sample) => marks.prints !== undefined || marks.shows !== undefined;

const PHOTOS = { cat: "www/public/photos/chelsea.png", coffee: "www/public/photos/coffee.png" };
const DEFAULT_WEIGHTS = "www/public/weights/resnet50.safetensors";
/** Ten classes, one block in each stage: for samples that are not about the answer. */
const SMALL_WEIGHTS = "tests/fixtures/weights/basic-f16.safetensors.gz";

test("samples in TypeScript fit the package's types", async () => {
  const typed = samples.filter(({ language }) => language === "ts");
  expect(await typeErrors(typed)).toEqual([]);
});

test("samples in JSON and JavaScript that are not run can be parsed", async () => {
  const problems: string[] = [];
  for (const sample of checkedBy("syntax")) {
    await parse(sample).catch(({ message }) => problems.push(`${titleOf(sample)}: ${message}`));
  }
  expect(problems).toEqual([]);
});

test("the manifest in the samples is that of the default weights", async () => {
  const expected = JSON.parse(await readFile("www/public/weights/manifest.json", "utf8"));
  const manifests = samples
    .filter(({ language }) => language === "json")
    .map(({ code }) => JSON.parse(code))
    .filter(({ file }) => file === expected.file);
  expect(manifests).toEqual([expected]);
});

for (const sample of checkedBy("Chromium")) {
  test(`${titleOf(sample)} runs in Chromium`, async ({ page }) => {
    const small = gunzipSync(await readFile(SMALL_WEIGHTS));
    const host = new Host((pathname) => {
      if (pathname === "/given.html") return { path: "tests/docs/support/sample-page.html" };
      if (pathname === "/sample.html") return { content: sample.code };
      if (pathname === "/sample.js") return { content: javaScriptOf(sample) };
      if (pathname.startsWith(PACKAGE)) return { path: pathname.slice(PACKAGE.length) };
      if (/\/cat\.\w+$/.test(pathname)) return { path: PHOTOS.cat };
      if (/\/(coffee|photo)\.\w+$/.test(pathname)) return { path: PHOTOS.coffee };
      if (pathname === "/weights/manifest.json") return { path: `www/public${pathname}` };
      if (/\.(pth|safetensors)$/.test(pathname)) {
        return wantsAnswer(sample) ? { path: DEFAULT_WEIGHTS } : { content: small };
      }
      if (/\/labels\.txt$/.test(pathname)) return { content: LABELS.join("\n") };
      return undefined;
    });
    await host.open();
    const problems: string[] = [];
    const printed: string[] = [];
    page.on("pageerror", ({ message }) => problems.push(message));
    page.on("console", (message) => {
      (message.type() === "error" ? problems : printed).push(message.text());
    });
    await page.route("**/favicon.ico", (route) => route.fulfill({ body: "" }));
    if (sample.language === "html") await openPage(`${host.origin}/sample.html`);
    else await runModule(`${host.origin}/given.html`);
    expect(problems).toEqual([]);
    expect(printed.join("\n")).toContain(sample.marks.prints ?? "");
    host.close();

    /** Opens the sample as a page, chooses a photo if it takes one, and waits for what it shows. */
    async function openPage(address: string) {
      await page.goto(address);
      const input = page.locator("input[type=file]").first();
      if (await input.count()) await input.setInputFiles(PHOTOS.cat);
      await expect(page.locator("body")).toContainText(sample.marks.shows ?? "");
    }

    /** Imports the sample as a module of a page that has what it may use. */
    async function runModule(address: string) {
      await page.goto(address);
      const given = /\bclassifier\b/.test(sample.code) && !/const classifier\b/.test(sample.code);
      await page.evaluate(async (given) => {
        await (window as unknown as { give(classifier: boolean): Promise<void> }).give(given);
        const module = "/sample.js";
        await import(module);
      }, given);
    }
  });
}

for (const sample of checkedBy("Node")) {
  test(`${titleOf(sample)} runs by Node`, async () => {
    await inFolder(async (folder) => {
      const script = path.join(folder, `${fileNameOf(sample)}.mjs`);
      await writeFile(script, javaScriptOf(sample));
      const { stdout } = await run(process.execPath, [script], { cwd: folder });
      expect(stdout).toContain(sample.marks.prints ?? "");
    });
  });
}

for (const sample of checkedBy("shell")) {
  test(`${titleOf(sample)} runs by the shell`, async () => {
    await inFolder(async (folder) => {
      const { stdout } = await run("bash", ["-euc", sample.code], { cwd: folder });
      expect(stdout).toContain(sample.marks.prints ?? "");
    });
  });
}

const PACKAGE = "/node_modules/resnet-web/";
const LABELS = Array.from({ length: 10 }, (_, index) => `label ${index}`);

/** Does something in a folder where the package is installed, with weights, labels and photos in it. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  await mkdir("target/docs-samples-run", { recursive: true });
  const folder = await mkdtemp(path.resolve("target/docs-samples-run/sample-"));
  try {
    await mkdir(path.join(folder, "node_modules/.bin"), { recursive: true });
    await symlink(process.cwd(), path.join(folder, "node_modules/resnet-web"));
    const command = `#!/bin/sh\nexec "${process.execPath}" "${path.resolve("package/cli.js")}" "$@"\n`;
    const bin = path.join(folder, "node_modules/.bin/resnet-web");
    await writeFile(bin, command, { mode: 0o755 });
    await writeFile(path.join(folder, "package.json"), '{ "private": true, "type": "module" }');
    await symlink(path.resolve(DEFAULT_WEIGHTS), path.join(folder, "resnet50.safetensors"));
    const small = gunzipSync(await readFile(SMALL_WEIGHTS));
    await writeFile(path.join(folder, "my.safetensors"), small);
    await writeFile(path.join(folder, "resnet18.pth"), small);
    await writeFile(path.join(folder, "labels.txt"), LABELS.join("\n"));
    await copyFile(PHOTOS.cat, path.join(folder, "cat.png"));
    await copyFile(PHOTOS.coffee, path.join(folder, "coffee.png"));
    await copyFile(PHOTOS.cat, path.join(folder, "a.jpg"));
    await copyFile(PHOTOS.coffee, path.join(folder, "b.png"));
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Throws where a sample's syntax is wrong. */
async function parse(sample: Sample): Promise<void> {
  const { language, code } = sample;
  if (language === "jsx") expect(syntaxErrors(sample)).toEqual([]);
  if (language === "json") JSON.parse(code);
  if (language === "sh") await run("bash", ["-nc", code]);
  if (language === "js") {
    const file = path.resolve("target", "docs-sample.mjs");
    await writeFile(file, code);
    await run(process.execPath, ["--check", file]);
  }
}
