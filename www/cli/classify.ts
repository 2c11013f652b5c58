import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { ImageClassification, ResNetError } from "resnet-web/node";
import { type Command, integer, Obstacle } from "./command";
import { note, plain, print, sayError } from "./output";
import { weightsOr } from "./page";
import { remarks } from "./remarks";
import { exitWhenInterrupted } from "./signals";
import { ABOUT_WEIGHTS, ABOUT_WEIGHTS_HELP, classifierOf } from "./weight-options";

const MOST_CLASSES = 1000;
const MOST_THREADS = 64;
const TOP = 5;

export const classify: Command = {
  help: `Prints the most probable classes of photos.

  npx resnet-web classify [options] PHOTO...

A PHOTO is a JPEG, PNG or WebP file, its address, or a folder: its photos are classified, without those of folders in it.
One that fails is reported, and the others go on.

  --weights FILE       a weight file (.safetensors, .pth, .onnx) or a manifest, or its address; hf:OWNER/NAME; the
                       package's if left out
${ABOUT_WEIGHTS_HELP}
  --top N              how many classes; ${TOP} if left out
  --threads N          how many threads to compute on; one for each processor if left out
  --int8               calculate with int8: faster, and a little less exact
  --json               print a line of JSON for each photo: file, top, width, height, milliseconds; or file, error
  --help               show this text
`,
  values: ["weights", "top", "threads", ...ABOUT_WEIGHTS],
  flags: ["json", "int8"],
  words: [1, Number.POSITIVE_INFINITY],
  async run(call) {
    const top = integer(call, "top", [1, MOST_CLASSES]) ?? TOP;
    const threads = integer(call, "threads", [1, MOST_THREADS]);
    const { json, int8 } = call.flags;
    const photos = (await Promise.all(call.words.map(photosAt))).flat();
    exitWhenInterrupted();
    const classifier = await classifierOf(call, weightsOr(call.values.weights), {
      ...(threads !== undefined && { threads }),
      ...(int8 && { arithmetic: "int8" }),
    });
    const { info } = classifier.model ?? {};
    if (info && !json) {
      for (const line of remarks({ ...info, labels: info.labels.length })) note(line);
    }
    let failed = 0;
    try {
      for await (const { image, result, error } of classifier.classifyMany(photos, { top })) {
        if (error) failed += 1;
        if (json) print(JSON.stringify(error ? errorLine(image, error) : line(image, result)));
        else if (error) sayError(`${image}: ${error.message}`);
        else print(paragraph(image, result));
      }
    } finally {
      classifier.dispose();
    }
    return failed > 0 ? 1 : 0;
  },
};

/** The photos that a word names: itself, or those in its folder. */
async function photosAt(word: string): Promise<string[]> {
  const isFolder = (await stat(word).catch(() => null))?.isDirectory();
  if (!isFolder) return [word];
  const photos = (await readdir(word)).filter((file) => /\.(jpe?g|png|webp)$/i.test(file));
  if (photos.length === 0) {
    throw new Obstacle(
      `${word} holds no photo: no file that ends with .jpg, .jpeg, .png or .webp.`,
    );
  }
  return photos.sort().map((file) => path.join(word, file));
}

function line(file: string, { top, width, height, networkMilliseconds }: ImageClassification) {
  return { file, top, width, height, milliseconds: networkMilliseconds };
}

function errorLine(file: string, { code, message }: ResNetError) {
  return { file, error: { code, message } };
}

function paragraph(file: string, { top, networkMilliseconds }: ImageClassification): string {
  const classes = top.map(({ label, probability }) => {
    return `  ${(100 * probability).toFixed(2).padStart(6)} %  ${plain(label)}`;
  });
  return [`${plain(file)} (${networkMilliseconds.toFixed(0)} ms)`, ...classes].join("\n");
}
