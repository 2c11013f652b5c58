import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { after, test } from "node:test";
import { place } from "../../tools/lib/places.mjs";
import { resnetWeb } from "./support/cli.mjs";
import { LABELS, smallWeights, temporaryFolder } from "./support/weights.mjs";

const folder = temporaryFolder(after);
const SMALL = smallWeights(folder);
const CAT = place("www/public/photos/chelsea.png");
const GREY = place("tests/fixtures/images/cat-grey.jpg");
const labels = path.join(folder, "labels.txt");
writeFileSync(labels, LABELS.join("\n"));
mkdirSync(path.join(folder, "full"));
writeFileSync(path.join(folder, "full", "holiday.jpg"), "");
const out = (name) => ["--out", path.join(folder, name)];

const taken = createServer().listen(0, "localhost");
await once(taken, "listening");
after(() => taken.close());

/** What is called, its exit code, and what it prints to standard output and standard error. */
const CASES = [
  ["the default weights classify a photo", ["classify", CAT], 0, /Egyptian_cat/, /^$/],
  [
    "so do one's own",
    ["classify", "--weights", SMALL, "--labels", labels, "--top", "2", GREY],
    0,
    /cat-grey\.jpg \(\d+ ms\)\n.*% {2}own class \d\n.*% {2}own class \d\n$/,
    /^$/,
  ],
  [
    "a folder's photos",
    ["classify", "--weights", SMALL, "--top", "1", path.dirname(CAT)],
    0,
    /chelsea\.png[\s\S]*coffee\.png/,
    /^$/,
  ],
  [
    "lines of JSON",
    ["classify", "--weights", SMALL, "--json", CAT, GREY],
    0,
    /^\{"file":".*chelsea\.png","top":\[\{"index":\d.*\n\{"file":".*cat-grey.*\n$/,
    /^$/,
  ],
  [
    "one that fails does not stop the others",
    ["classify", "--weights", SMALL, "--json", "nowhere.jpg", CAT],
    1,
    /"error":\{"code":"image-decode".*\n\{"file":".*chelsea/,
    /^$/,
  ],
  [
    "and is reported",
    ["classify", "--weights", SMALL, "nowhere.jpg"],
    1,
    /^$/,
    /^resnet-web: nowhere\.jpg: .*Check the path\.\n$/,
  ],
  [
    "weights that are not there",
    ["classify", "--weights", "nowhere.pth", CAT],
    1,
    /^$/,
    /^resnet-web: .*nowhere\.pth cannot be read.*\n$/,
  ],
  [
    "weights that are none",
    ["classify", "--weights", CAT, CAT],
    1,
    /^$/,
    /^resnet-web: This is not a weight file.*\n$/,
  ],
  [
    "labels for other classes",
    ["classify", "--weights", SMALL, "--labels", SMALL, CAT],
    1,
    /^$/,
    /^resnet-web: .*\n$/,
  ],
  ["no photo", ["classify"], 2, /^$/, /missing.*classify --help\n$/],
  [
    "an option that there is none of",
    ["classify", "--speed", CAT],
    2,
    /^$/,
    /'--speed'.*classify --help\n$/,
  ],
  [
    "a number that is none",
    ["classify", "--top", "many", CAT],
    2,
    /^$/,
    /--top takes an integer from 1 to 1000, not "many"/,
  ],
  [
    "a choice that there is none of",
    ["summary", "--stride", "conv3"],
    2,
    /^$/,
    /--stride takes conv1 or conv2, not "conv3"/,
  ],
  ["a command that there is none of", ["train"], 2, /^$/, /no command "train"/],
  ["no command", [], 2, /npx resnet-web classify PHOTO/, /^$/],
  [
    "a name that would steer the terminal",
    ["classify", "--weights", SMALL, "\u001b[2J.jpg"],
    1,
    /^$/,
    /^\P{Cc}+\n$/u,
  ],
  ["the version", ["--version"], 0, /^\d+\.\d+\.\d+\n$/, /^$/],
  ["a table of layers", ["summary", SMALL], 0, /10 classes[\s\S]*layer1\.0[\s\S]*total/, /^$/],
  ["the same as JSON", ["summary", "--json", SMALL], 0, /"classes":10.*"multiplyAdds"/, /^$/],
  ["a port that there is none of", ["serve", "--port", "70000"], 2, /^$/, /0 to 65535/],
  ["a folder without a page", ["serve", "--dir", folder], 2, /^$/, /no index\.html/],
  ["a site without weights", ["site", ...out("none")], 2, /^$/, /--weights and --out are needed/],
  [
    "a site of what is no weight file",
    ["site", "--weights", CAT, ...out("none")],
    1,
    /^$/,
    /chelsea\.png: This is not a weight file/,
  ],
  [
    "a site with labels for other classes",
    ["site", "--weights", SMALL, "--labels", SMALL, ...out("none")],
    1,
    /^$/,
    /^resnet-web: .*\n$/,
  ],
  [
    "a site in a folder that holds other files",
    ["site", "--weights", SMALL, ...out("full")],
    2,
    /^$/,
    /holds other files, such as holiday\.jpg/,
  ],
  [
    "a site in place of a file",
    ["site", "--weights", SMALL, "--out", SMALL],
    2,
    /^$/,
    /is a file: name a folder/,
  ],
  [
    "a site where nothing can be written",
    ["site", "--weights", SMALL, "--out", path.join(SMALL, "site")],
    1,
    /^$/,
    /^resnet-web: ENOTDIR.*basic\.pth\/site.*\n$/,
  ],
  [
    "a port that is taken",
    ["serve", "--port", String(taken.address().port)],
    1,
    /^$/,
    /^resnet-web: The port cannot be used: .*EADDRINUSE.*\n$/,
  ],
  ...["classify", "summary", "serve", "site"].map((name) => [
    `help for ${name}`,
    [name, "--help"],
    0,
    new RegExp(`npx resnet-web ${name}[\\s\\S]*--help`),
    /^$/,
  ]),
];

test("the command line does what it says, and says what was wrong", async () => {
  const wrong = [];
  for (const [what, args, code, out, err] of CASES) {
    const found = await resnetWeb(args);
    if (found.code !== code) wrong.push(`${what}: exit code ${found.code}, not ${code}`);
    if (!out.test(found.out))
      wrong.push(`${what}: printed ${JSON.stringify(found.out.slice(0, 300))}`);
    if (!err.test(found.err))
      wrong.push(`${what}: said ${JSON.stringify(found.err.slice(0, 300))}`);
    if (/\n\s+at /.test(found.err)) wrong.push(`${what}: a stack trace`);
  }
  assert.deepEqual(wrong, []);
});
