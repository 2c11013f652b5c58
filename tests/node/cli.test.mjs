import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import { createServer } from "node:net";
import path from "node:path";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { place } from "../../tools/lib/places.mjs";
import { resnetWeb, start } from "./support/cli.mjs";
import { LABELS, smallWeights, temporaryFolder } from "./support/weights.mjs";

const folder = temporaryFolder(after);
const SMALL = smallWeights(folder);
const CAT = place("www/public/photos/chelsea.png");
const GREY = place("tests/fixtures/images/cat-grey.jpg");
const ONNX = onnxFile("external.onnx", ".");
onnxFile("external.onnx.data", ".");
const labels = path.join(folder, "labels.txt");
writeFileSync(labels, LABELS.join("\n"));
mkdirSync(path.join(folder, "full"));
writeFileSync(path.join(folder, "full", "holiday.jpg"), "");
const empty = path.join(folder, "empty");
mkdirSync(empty);
const out = (name) => ["--out", path.join(folder, name)];

/** Writes a file of an ONNX model into a part of the folder, and returns its path. */
function onnxFile(name, part) {
  const file = path.join(folder, part, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, gunzipSync(readFileSync(place(`tests/fixtures/onnx/${name}.gz`))));
  return file;
}

const taken = createServer().listen(0, "localhost");
await once(taken, "listening");
after(() => taken.close());

/** What would go on for ever, on systems that have it. */
const ENDLESS = existsSync("/dev/zero")
  ? [
      [
        "a photo without an end",
        ["classify", "--weights", SMALL, "/dev/zero"],
        1,
        /^$/,
        /of another format/,
      ],
      [
        "labels without an end",
        ["summary", "--labels", "/dev/zero", SMALL],
        1,
        /^$/,
        /more than 16 MiB/,
      ],
      ["weights without an end", ["summary", "/dev/zero"], 1, /^$/, /a device, not a file/],
      [
        "a site of weights without an end",
        ["site", "--weights", "/dev/zero", ...out("none")],
        1,
        /^$/,
        /a device, not a file/,
      ],
      [
        "a site with labels without an end",
        ["site", "--weights", SMALL, "--labels", "/dev/zero", ...out("none")],
        1,
        /^$/,
        /more than 16 MiB/,
      ],
      [
        "a site in a file system that takes no folders",
        ["site", "--weights", SMALL, "--out", "/proc/x"],
        1,
        /^$/,
        /^resnet-web: ENOENT.*\/proc\/x.*\n$/,
      ],
    ]
  : [];

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
  [
    "an ONNX model is read with the files beside it",
    ["summary", ONNX],
    0,
    /^ResNet.*10 classes, f32\n[\s\S]*layer4\.0\.conv2/,
    /^$/,
  ],
  [
    "and converted",
    ["convert", ONNX, path.join(folder, "converted.safetensors"), "--dtype", "f32"],
    0,
    /converted\.safetensors: ResNet.*, 10 classes, \d+ bytes; rounding to f32 moves no value/,
    /preprocessing FILE changes that/,
  ],
  [
    "what was converted is read",
    ["summary", path.join(folder, "converted.safetensors")],
    0,
    /^ResNet.*10 classes, f32\n/,
    /^$/,
  ],
  [
    "an ONNX model without the files beside it",
    ["convert", onnxFile("external.onnx", "alone"), path.join(folder, "none.safetensors")],
    1,
    /^$/,
    /`external\.onnx\.data`: choose both files together/,
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
    "a number that looks like an option",
    ["classify", "--top", "-1", CAT],
    2,
    /^$/,
    /--top takes an integer from 1 to 1000, not "-1"\. See/,
  ],
  [
    "the same of a port",
    ["serve", "--port", "-1"],
    2,
    /^$/,
    /--port takes an integer from 0 to 65535, not "-1"\. See/,
  ],
  [
    "an option where a value is due",
    ["classify", "--top", "--json", CAT],
    2,
    /^$/,
    /^resnet-web: Option '--top' argument is ambiguous\. See: .*\n$/,
  ],
  [
    "a value for an option that takes none",
    ["classify", "--json=yes", CAT],
    2,
    /^$/,
    /^resnet-web: Option '--json' does not take an argument\. See: .*\n$/,
  ],
  [
    "an empty value",
    ["classify", "--weights", "", CAT],
    2,
    /^$/,
    /--weights has an empty value\. See/,
  ],
  ["an empty argument", ["classify", ""], 2, /^$/, /One of the arguments is empty\. See/],
  [
    "a folder without photos",
    ["classify", empty],
    1,
    /^$/,
    /^resnet-web: .*empty holds no photo.*\n$/,
  ],
  [
    "an address of another kind",
    ["classify", "--weights", SMALL, "ftp://example.com/cat.png"],
    1,
    /^$/,
    /"ftp:\/\/example\.com\/cat\.png" cannot be read: only http:, https: and file: addresses/,
  ],
  [
    "a folder as weights",
    ["classify", "--weights", empty, CAT],
    1,
    /^$/,
    /empty cannot be read: it is a folder\. Check the path/,
  ],
  [
    "labels that are not there",
    ["classify", "--weights", SMALL, "--labels", "nowhere.txt", CAT],
    1,
    /^$/,
    /^resnet-web: (?!file:)\S*[\\/]nowhere\.txt cannot be read: there is no such file/,
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
    "a site with labels in too large a file",
    ["site", "--weights", SMALL, "--labels", SMALL, ...out("none")],
    1,
    /^$/,
    /^resnet-web: \S*basic\.pth cannot be read: it has more than 16 MiB\. Check the path\.\n$/,
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
    "a site of a folder as weights",
    ["site", "--weights", empty, ...out("none")],
    1,
    /^$/,
    /empty cannot be read: it is a folder\. Check the path/,
  ],
  [
    "a site with labels that are a photo",
    ["site", "--weights", SMALL, "--labels", CAT, ...out("none")],
    1,
    /^$/,
    /^resnet-web: \S*chelsea\.png: The labels.*\n$/,
  ],
  ...ENDLESS,
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

/** What is said of how a weight file was read, whatever else is. */
const REMARKS =
  /^(Images are assumed|The stride is assumed|Nothing is assumed|The file does not say what) .*\n/gm;

test("what is assumed of a weight file is said, but not among JSON", async () => {
  const [table, json] = await Promise.all(
    [[], ["--json"]].map((flags) => resnetWeb(["summary", ...flags, SMALL])),
  );
  assert.match(
    table.err,
    /^Nothing is assumed .*\nImages are assumed .*\nThe file does not say what its 10 classes .*\n$/,
  );
  assert.equal(json.err, "");
});

test("the command line does what it says, and says what was wrong", async () => {
  const wrong = [];
  for (const [what, args, code, out, err] of CASES) {
    const found = await resnetWeb(args);
    if (found.code !== code) wrong.push(`${what}: exit code ${found.code}, not ${code}`);
    if (!out.test(found.out))
      wrong.push(`${what}: printed ${JSON.stringify(found.out.slice(0, 300))}`);
    if (!err.test(found.err) && !err.test(found.err.replace(REMARKS, "")))
      wrong.push(`${what}: said ${JSON.stringify(found.err.slice(0, 300))}`);
    if (/\n\s+at /.test(found.err)) wrong.push(`${what}: a stack trace`);
  }
  assert.deepEqual(wrong, []);
});

test("Ctrl+C removes what was downloaded", { skip: process.platform === "win32" }, async () => {
  const temporary = path.join(folder, "temporary");
  mkdirSync(temporary);
  const server = http.createServer((_, response) => {
    response.writeHead(200, { "Content-Length": 1e6 });
    response.write(Buffer.alloc(1e5));
  });
  await once(server.listen(0, "localhost"), "listening");
  try {
    const weights = `http://localhost:${server.address().port}/slow.safetensors`;
    for (const [signal, expected] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ]) {
      const child = start(["classify", "--weights", weights, CAT], { TMPDIR: temporary });
      const ended = once(child, "close");
      while (child.exitCode === null && readdirSync(temporary).length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      child.kill(signal);
      const [code] = await ended;
      assert.deepEqual([code, readdirSync(temporary)], [expected, []]);
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
