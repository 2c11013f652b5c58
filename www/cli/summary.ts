import type { LoadedModel } from "resnet-web/node";
import type { Command } from "./command";
import { note, plain, print } from "./output";
import { weightsOr } from "./page";
import { remarks } from "./remarks";
import { exitWhenInterrupted } from "./signals";
import { ABOUT_WEIGHTS, ABOUT_WEIGHTS_HELP, classifierOf } from "./weight-options";

export const summary: Command = {
  help: `Prints a row for each layer of a weight file's network: its output, parameters and multiply-adds.

  npx resnet-web summary [options] [WEIGHTS]

WEIGHTS is a weight file (.safetensors, .pth, .onnx) or a manifest, or its address; hf:OWNER/NAME is a model on the Hugging Face Hub. The
package's weights if left out.

${ABOUT_WEIGHTS_HELP}
  --json               print what is known of the model as JSON: info, summary, bytes
  --help               show this text
`,
  values: ABOUT_WEIGHTS,
  flags: ["json"],
  words: [0, 1],
  async run(call) {
    exitWhenInterrupted();
    const classifier = await classifierOf(call, weightsOr(call.words[0]), { threads: 1 });
    const { model } = classifier;
    classifier.dispose();
    if (!model) throw new Error("No model is loaded.");
    const { info, summary, bytes } = model;
    if (!call.flags.json) {
      for (const line of remarks({ ...info, labels: info.labels.length })) note(line);
    }
    print(call.flags.json ? JSON.stringify({ info, summary, bytes }) : table(model));
    return 0;
  },
};

/** Columns of text, the last two of them numbers. */
function table({ info, summary: { rows, parameters, multiplyAdds } }: LoadedModel): string {
  const head = ["name", "kind", "output", "parameters", "multiply-adds"];
  const body = rows.map((row) => [
    "  ".repeat(row.depth) + row.name,
    row.kind,
    row.outputShape.join(" x "),
    String(row.parameters),
    String(row.multiplyAdds),
  ]);
  const foot = ["total", "", "", String(parameters), String(multiplyAdds)];
  const all = [head, ...body, foot];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < 3 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  "),
  );
  const about = `${info.architecture}, ${info.classes} classes, ${info.dtype}`;
  return [plain(about), ...lines].join("\n");
}
