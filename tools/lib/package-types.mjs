import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { place, toolsFolder } from "./places.mjs";
import { run } from "./run.mjs";

/** What the sources' folder is called among the types. */
const TYPES = "types";
/** The module that a declaration imports: in `from "…"`, `import("…")` and `import "…"`. */
const SPECIFIER = /(\bfrom\s*|\bimport\s*\(\s*|^import\s+)"([^"]+)"/gm;

/**
 * Writes the declarations of the `entries`, and of what they refer to. Each names the others with their extensions, as Node's
 * way to resolve modules has it.
 */
export async function writeTypes({ entries, folder }) {
  const emitted = path.join(toolsFolder, "package-types");
  rmSync(emitted, { recursive: true, force: true });
  const tsc = place("node_modules/typescript/bin/tsc");
  await run(process.execPath, [
    tsc,
    ...["--project", place("tsconfig.package.json"), "--outDir", emitted],
  ]);
  const written = new Set();
  const write = (source) => {
    if (written.has(source)) return;
    written.add(source);
    const text = readFileSync(path.join(emitted, source), "utf8");
    const target = path.join(folder, TYPES, source);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(
      target,
      text.replace(SPECIFIER, (whole, before, id) => {
        const found = declarationOf(id, source, entries, emitted);
        if (!found) return whole;
        write(found);
        return `${before}"${relativeTo(path.dirname(source), found)}"`;
      }),
    );
  };
  for (const [name, source] of Object.entries(entries)) {
    const declaration = declarationAt(source);
    write(declaration);
    const from = `./${TYPES}/${declaration.replace(/\.d\.ts$/, ".js")}`;
    const header = documentationOf(readFileSync(path.join(emitted, declaration), "utf8"));
    writeFileSync(path.join(folder, `${name}.d.ts`), `${header}export * from "${from}";\n`);
  }
}

/** The declaration of a source of ours, as tsc writes it: from www. */
const declarationAt = (source) => source.replace(/^www\//, "").replace(/\.tsx?$/, ".d.ts");

/** The declaration that a module names; undefined for another package's. */
function declarationOf(id, from, entries, emitted) {
  const [, entry] = /^resnet-web(?:\/([\w-]+))?$/.exec(id) ?? [];
  if (id === "resnet-web" || entry) return declarationAt(entries[entry ?? "index"]);
  if (!id.startsWith(".")) return undefined;
  const module = path.posix.join(path.posix.dirname(from), id);
  return [`${module}.d.ts`, `${module}/index.d.ts`].find((file) =>
    existsSync(path.join(emitted, file)),
  );
}

function relativeTo(folder, file) {
  const relative = path.posix.relative(folder, file).replace(/\.d\.ts$/, ".js");
  return relative.startsWith(".") ? relative : `./${relative}`;
}

/** The comment about the whole entry, at its top. */
function documentationOf(text) {
  const [comment] = /^\/\*\*[\s\S]*?\*\/\n/.exec(text) ?? [];
  return comment?.includes("@module") ? comment : "";
}
