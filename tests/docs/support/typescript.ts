import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import type { Sample } from "../../../tools/lib/docs/samples.mjs";

/** Inside the repository, so that `resnet-web` is the package there, by its own `exports`. */
const FOLDER = "target/docs-samples";
const OPTIONS = {
  target: "ES2022",
  module: "ESNext",
  moduleResolution: "bundler",
  moduleDetection: "force",
  lib: ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
  types: ["node"],
  strict: true,
  noEmit: true,
};

/** A sample's name among files. */
export const fileNameOf = ({ page, line, language }: Sample) =>
  `${page.replaceAll("/", "_")}_${line}.${language}`;

/** What the compiler finds wrong with samples in TypeScript, against the types of the built package. */
export async function typeErrors(samples: Sample[]): Promise<string[]> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const sample of samples) writeFileSync(path.join(FOLDER, fileNameOf(sample)), sample.code);
  copyFileSync("tests/docs/support/given.d.ts", path.join(FOLDER, "given.d.ts"));
  writeFileSync(path.join(FOLDER, "tsconfig.json"), JSON.stringify({ compilerOptions: OPTIONS }));
  const compiler = ["node_modules/typescript/bin/tsc", "-p", FOLDER, "--pretty", "false"];
  const { stdout } = await promisify(execFile)(process.execPath, compiler).catch(
    (failed) => failed,
  );
  return stdout.split("\n").filter(Boolean);
}

/** What is wrong with the syntax of a sample in JSX. */
export function syntaxErrors({ code }: Sample): string[] {
  const typescript = createRequire(path.resolve("docs/package.json"))("typescript");
  const { diagnostics } = typescript.transpileModule(code, {
    fileName: "sample.jsx",
    reportDiagnostics: true,
    compilerOptions: { jsx: typescript.JsxEmit.Preserve, allowJs: true },
  });
  return diagnostics.map(({ messageText }: { messageText: string }) => messageText);
}

/** A sample in TypeScript as a browser or Node runs it. */
export function javaScriptOf({ code }: Sample): string {
  const typescript = createRequire(path.resolve("docs/package.json"))("typescript");
  const { outputText } = typescript.transpileModule(code, {
    compilerOptions: {
      target: typescript.ScriptTarget.ES2022,
      module: typescript.ModuleKind.ESNext,
    },
  });
  return outputText;
}
