import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { type Command, oneOf, UsageError } from "./command";
import { converted, DTYPES } from "./converter";
import { makeFolder } from "./folder";
import { note, print } from "./output";
import { MANIFEST, PAGE } from "./page";
import { remarks } from "./remarks";
import { ABOUT_WEIGHTS, ABOUT_WEIGHTS_HELP, weightChoices } from "./weight-options";

/** Lists the files that an earlier call wrote, which a later one replaces. */
const RECORD = "resnet-web-site.json";
/** What a folder may hold beside the site: a repository, its documents and its domain. */
const MAY_BE_THERE = /^(\.|readme|licen[cs]e|cname$)/i;
const WEIGHTS = path.join("weights", "model.safetensors");

export const site: Command = {
  help: `Makes a folder with the page for weights of your own, ready for GitHub Pages or any other static host, under any path.

  npx resnet-web site --weights FILE --out FOLDER [options]

The weights are converted and come with a checksum. The page isolates itself by its service worker, so that it computes on all
processors where the host sends no headers. A folder that an earlier call made is brought up to date.

  --weights FILE       a weight file: safetensors, PyTorch's .pth, .pt, .ckpt or .bin, ONNX, or burnpack
  --out FOLDER         the folder to make
  --title TEXT         the page's name
${ABOUT_WEIGHTS_HELP}
  --dtype ${DTYPES.join("|")}  how the weights are stored; int8 if left out, a quarter of f32's size
  --help               show this text
`,
  values: ["weights", "out", "title", "dtype", ...ABOUT_WEIGHTS],
  words: [0, 0],
  async run(call) {
    const { weights, out, title, labels, preprocessing } = call.values;
    if (weights === undefined || out === undefined) {
      throw new UsageError("--weights and --out are needed.");
    }
    if (!existsSync(PAGE)) throw new UsageError("This package was built without the page.");
    const dtype = oneOf(call, "dtype", DTYPES) ?? "int8";
    const before = filesOfEarlierCall(out);
    refuseLinks(out, [...before, ...filesOfSite()]);
    const name = path.basename(weights);
    const descriptions = [labels, preprocessing].filter((file) => file !== undefined);
    const { bytes, facts } = converted(
      weights,
      descriptions,
      { name, ...weightChoices(call) },
      dtype,
    );
    makeFolder(out);
    // From here on, so that a call that is interrupted is followed by one that goes on.
    writeRecord(out, [...new Set([...before, ...filesOfSite()])]);
    for (const file of before) {
      if (file !== RECORD) rmSync(path.join(out, file), { force: true });
    }
    copyPage(out);
    writeWeights(out, bytes);
    const html = ownPage(readFileSync(path.join(PAGE, "index.html"), "utf8"), title);
    replaceKept(out, "index.html", html);
    if (title !== undefined) replaceKept(out, "manifest.webmanifest", ownManifest(title));
    // GitHub Pages would leave out files that begin with an underscore.
    writeFileSync(path.join(out, ".nojekyll"), "");
    writeRecord(out, filesOfSite());
    for (const line of remarks(facts)) note(line);
    print(
      `${out}: ${facts.architecture}, ${facts.classes} classes, ${bytes.length} bytes of weights`,
    );
    note(`To look at it: npx resnet-web serve --dir ${out}`);
    return 0;
  },
};

/** The files that an earlier call wrote into the folder; refuses one that holds anything else. */
function filesOfEarlierCall(out: string): string[] {
  if (!existsSync(out)) return [];
  if (!statSync(out).isDirectory())
    throw new UsageError(`${out} is a file: name a folder with --out.`);
  const record = path.join(out, RECORD);
  if (existsSync(record)) return listed(record).filter((file) => isWithin(out, file));
  const others = readdirSync(out).filter((name) => !MAY_BE_THERE.test(name));
  if (others.length === 0) return [];
  throw new UsageError(
    `${out} holds other files, such as ${others[0]}: name a new folder with --out.`,
  );
}

function listed(record: string): string[] {
  try {
    const files: unknown = JSON.parse(readFileSync(record, "utf8"));
    if (Array.isArray(files)) return files.filter((file) => typeof file === "string");
  } catch {
    // Said below.
  }
  throw new UsageError(
    `${record} is damaged: remove it with the files of the site, or name a new folder.`,
  );
}

const isWithin = (folder: string, file: string) =>
  path.resolve(folder, file).startsWith(path.resolve(folder) + path.sep);

/** Refuses symbolic links in the places of files and of their folders: what they lead to is not the site's. */
function refuseLinks(out: string, files: string[]): void {
  for (const file of files) {
    const names = path.normalize(file).split(path.sep);
    for (let count = 1; count <= names.length; count += 1) {
      const place = path.join(out, ...names.slice(0, count));
      if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink()) {
        throw new UsageError(
          `${place} is a symbolic link: remove it, or name a new folder with --out.`,
        );
      }
    }
  }
}

function writeRecord(out: string, files: string[]): void {
  writeFileSync(path.join(out, RECORD), `${JSON.stringify(files, null, 2)}\n`);
}

function copyPage(out: string): void {
  const weights = path.join(PAGE, "weights");
  cpSync(PAGE, out, { recursive: true, filter: (source) => source !== weights });
}

function writeWeights(out: string, bytes: Uint8Array): void {
  makeFolder(path.join(out, path.dirname(WEIGHTS)));
  writeFileSync(path.join(out, WEIGHTS), bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const manifest = { file: path.basename(WEIGHTS), bytes: bytes.length, sha256 };
  writeFileSync(path.join(out, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** index.html with its owner's title, isolated by the service worker for everybody. */
export function ownPage(html: string, title: string | undefined): string {
  const isolated = html.replace(
    /(<meta name="resnet-web:isolation" content=")[^"]*/,
    "$1service-worker",
  );
  if (title === undefined) return isolated;
  const text = escaped(title);
  return isolated.replace(
    /<title>[^<]*<\/title>/,
    () => `<title>${text}</title>\n    <meta name="resnet-web:title" content="${text}" />`,
  );
}

function ownManifest(title: string): string {
  const manifest = JSON.parse(readFileSync(path.join(PAGE, "manifest.webmanifest"), "utf8"));
  return `${JSON.stringify({ ...manifest, name: title, short_name: title }, null, 2)}\n`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");

/** Writes a file anew that the service worker keeps, and there the digests by which it knows the file. */
function replaceKept(out: string, file: string, content: string): void {
  const before = readFileSync(path.join(PAGE, file));
  writeFileSync(path.join(out, file), content);
  const worker = path.join(out, "service-worker.js");
  let script = readFileSync(worker, "utf8");
  for (const [algorithm, encoding] of [
    ["sha256", "base64"],
    ["md5", "hex"],
  ] as const) {
    const digest = (of: string | Buffer) => createHash(algorithm).update(of).digest(encoding);
    if (!script.includes(digest(before)))
      throw new Error(`The service worker does not know ${file}.`);
    script = script.replaceAll(digest(before), digest(content));
  }
  writeFileSync(worker, script);
}

/** The files of the site. */
function filesOfSite(): string[] {
  const page = readdirSync(PAGE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(PAGE, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith(`weights${path.sep}`));
  return [...page, WEIGHTS, MANIFEST, ".nojekyll", RECORD].sort();
}
