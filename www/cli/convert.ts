import { renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Command, oneOf } from "./command";
import { converted, DTYPES } from "./converter";
import { note, plain, print } from "./output";
import { remarks } from "./remarks";
import { ABOUT_WEIGHTS, ABOUT_WEIGHTS_HELP, weightChoices } from "./weight-options";

export const convert: Command = {
  help: `Converts a weight file to safetensors with all that is known of its network: it loads anywhere without further options.

  npx resnet-web convert [options] WEIGHTS OUTPUT

WEIGHTS is a weight file: safetensors, PyTorch's .pth, .pt, .ckpt or .bin, ONNX, or burnpack. An ONNX model's external data is
found beside it.

${ABOUT_WEIGHTS_HELP}
  --dtype ${DTYPES.join("|")}  how the weights are stored; int8 if left out, a quarter of f32's size
  --help               show this text
`,
  values: ["dtype", ...ABOUT_WEIGHTS],
  words: [2, 2],
  async run(call) {
    const [weights = "", output = ""] = call.words;
    const { labels, preprocessing } = call.values;
    const dtype = oneOf(call, "dtype", DTYPES) ?? "int8";
    const descriptions = [labels, preprocessing].filter((file) => file !== undefined);
    const choices = { name: path.basename(weights), ...weightChoices(call) };
    const { bytes, facts } = converted(weights, descriptions, choices, dtype);
    writeWhole(output, bytes);
    for (const line of remarks(facts)) note(line);
    print(
      `${plain(output)}: ${facts.architecture}, ${facts.classes} classes, ${bytes.length} bytes; rounding to ${dtype} moves no value by more than ${facts.rounding.toExponential(1)} of its tensor's largest`,
    );
    return 0;
  },
};

/** Writes a file under another name first, so that an interrupted call leaves no half-written file under its own. */
function writeWhole(file: string, bytes: Uint8Array): void {
  const unfinished = `${file}.${process.pid}.part`;
  try {
    writeFileSync(unfinished, bytes);
    renameSync(unfinished, file);
  } catch (thrown) {
    rmSync(unfinished, { force: true });
    throw thrown;
  }
}
