import {
  Classifier,
  type ClassifierOptions,
  type Description,
  type LoadOptions,
} from "resnet-web/node";
import { type Call, oneOf } from "./command";
import { note } from "./output";

/** The options about what a weight file may not say of itself. */
export const ABOUT_WEIGHTS = ["labels", "preprocessing", "stride", "weight-set"] as const;

/** Their help. */
export const ABOUT_WEIGHTS_HELP = `\
  --labels FILE        what the classes are called: a text, CSV or JSON file, or a config.json
  --preprocessing FILE a config.json or preprocessor_config.json that says how images are preprocessed
  --stride conv1|conv2 which convolution of a bottleneck has the stride: conv2 in torchvision, conv1 in He's networks
  --weight-set NAME    which of several sets of weights in the file to take, such as state_dict_ema`;

/** What these options say of weights. */
export function weightChoices(call: Call): Pick<LoadOptions, "strideOn" | "weightSet"> {
  const strideOn = oneOf(call, "stride", ["conv1", "conv2"]);
  const weightSet = call.values["weight-set"];
  return { ...(strideOn && { strideOn }), ...(weightSet !== undefined && { weightSet }) };
}

/**
 * A classifier with the weights of a call, and what its options say of them. What is beside the weights need not be named.
 */
export async function classifierOf(
  call: Call,
  weights: string | URL,
  options: Pick<ClassifierOptions, "threads" | "arithmetic">,
): Promise<Classifier> {
  const { threads, ...choices } = options;
  const { labels, preprocessing } = call.values;
  const classifier = new Classifier({ ...(threads !== undefined && { threads }) });
  try {
    const described = preprocessing === undefined ? {} : await classifier.describe(preprocessing);
    const { labels: named = [], unsupported = [], ...said } = described as Partial<Description>;
    for (const { name, value } of unsupported) {
      note(`${preprocessing} asks for ${name} = ${value}, which is not supported and is ignored.`);
    }
    await classifier.load(weights, {
      ...said,
      ...weightChoices(call),
      ...choices,
      ...(named.length > 0 && { labels: named }),
      ...(labels !== undefined && { labels }),
    });
    return classifier;
  } catch (thrown) {
    classifier.dispose();
    throw thrown;
  }
}
