/**
 * ResNet image classification in Node, Deno and Bun, on the CPU.
 *
 * ```ts
 * import { createClassifier } from "resnet-web/node";
 *
 * const classifier = await createClassifier({ weights: "resnet50.safetensors" });
 * const { top } = await classifier.classify("photo.jpg");
 * console.log(top[0].label, top[0].probability);
 * classifier.dispose();
 * ```
 *
 * @module resnet-web/node
 */

export { type ErrorCode, isReplaced, ResNetError } from "../../protocol/errors";
export type * from "../../protocol/types";
export type { ClassifyOptions, EmbedOptions, InspectOptions } from "../public/classifier";
export type { Images, ManyItem, ManyOptions, ManyProgress } from "../public/classify-many";
export {
  Classifier,
  type ClassifierOptions,
  createClassifier,
  type LoadOptions,
  type NodeLabelSource,
} from "./classifier";
export type { NodeImageInput, PixelData } from "./image-input";
export type { NodeWeightSource } from "./weight-file";
