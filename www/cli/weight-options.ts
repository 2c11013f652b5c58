import type { LoadOptions } from "resnet-web/node";
import { type Call, oneOf } from "./command";

/** The options about what a weight file may not say of itself. */
export const ABOUT_WEIGHTS = ["labels", "stride", "weight-set"] as const;

/** Their help. */
export const ABOUT_WEIGHTS_HELP = `\
  --labels FILE        what the classes are called: a text, CSV or JSON file, or a config.json
  --stride conv1|conv2 which convolution of a bottleneck has the stride: conv2 in torchvision, conv1 in He's networks
  --weight-set NAME    which of several sets of weights in the file to take, such as state_dict_ema`;

/** What these options say of weights. */
export function weightChoices(call: Call): Pick<LoadOptions, "strideOn" | "weightSet"> {
  const strideOn = oneOf(call, "stride", ["conv1", "conv2"]);
  const weightSet = call.values["weight-set"];
  return { ...(strideOn && { strideOn }), ...(weightSet !== undefined && { weightSet }) };
}
