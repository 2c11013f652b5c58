import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { ENTRIES } from "../package.mjs";
import { place } from "../places.mjs";
import { run } from "../run.mjs";
import { samplesTable } from "./samples.mjs";

/** What is generated for pages that include it. */
const GENERATED = place("docs", "reference", "generated");
const COMMAND_LINE = place("package", "cli.js");

/** Writes the parts of the reference that come from the code: the API, error codes, the command line, the table of samples. */
export async function writeReference(report) {
  mkdirSync(GENERATED, { recursive: true });
  report("API");
  await writeApi(report);
  write("errors.md", errorTable(await errorGuide()));
  report("command line");
  write("command-line.md", await commandLine());
  write("samples.md", samplesTable());
}

function write(name, text) {
  const file = path.join(GENERATED, name);
  // Writing what is there already would make the dev server reload.
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}

async function writeApi(report) {
  const typedoc = place("docs", "node_modules", "typedoc", "bin", "typedoc");
  const { cli: _, ...entries } = ENTRIES;
  const entryPoints = Object.values(entries).flatMap((file) => ["--entryPoints", place(file)]);
  await run(process.execPath, [typedoc, "--logLevel", "Error", ...entryPoints], {
    cwd: place("docs"),
    onLine: report,
  });
}

/** The table of error codes in www/protocol/error-guide.ts. */
async function errorGuide() {
  const source = readFileSync(place("www", "protocol", "error-guide.ts"), "utf8");
  const typescript = createRequire(place("docs", "package.json"))("typescript");
  const compilerOptions = { module: typescript.ModuleKind.ESNext, verbatimModuleSyntax: true };
  const { outputText } = typescript.transpileModule(source, { compilerOptions });
  const { ERROR_GUIDE } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
  return ERROR_GUIDE;
}

/** One section for each code, so that each has an address. */
function errorTable(guide) {
  const sections = Object.entries(guide).map(
    ([code, { means, remedy }]) =>
      `## \`${code}\` {#${code}}\n\n${means}\n\n**What to do:** ${remedy}\n`,
  );
  return sections.join("\n");
}

/** What the command line says of itself: its own help, then that of each command that the help names. */
async function commandLine() {
  if (!existsSync(COMMAND_LINE)) return "*The package is not built: run `npm run package`.*\n";
  const help = (...words) => run(process.execPath, [COMMAND_LINE, ...words, "--help"]);
  const overview = await help();
  const commands = [...overview.matchAll(/^ {2}npx resnet-web ([a-z]+)\b/gm)].map(
    ([, name]) => name,
  );
  const sections = [];
  for (const name of new Set(commands)) {
    sections.push(`## ${name}\n\n${fenced(await help(name))}`);
  }
  return [fenced(overview), ...sections].join("\n");
}

const fenced = (text) => `\`\`\`text\n${text.trim()}\n\`\`\`\n`;
