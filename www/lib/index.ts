/**
 * ResNet image classification in the browser.
 *
 * ```ts
 * import { createClassifier } from "resnet-web";
 *
 * const classifier = await createClassifier({ weights: "/weights/manifest.json" });
 * const { top } = await classifier.classify(file);
 * console.log(top[0].label, top[0].probability);
 * ```
 *
 * @packageDocumentation
 */

export { canBeWeights } from "../worker/weights/beginning";
export {
  Classifier,
  type ClassifierOptions,
  type ClassifyOptions,
  createClassifier,
  type DeviceOptions,
  type ImageInput,
  type InspectOptions,
  type LoadOptions,
} from "./classifier";
export { type ErrorCode, isReplaced, ResNetError } from "./errors";
export { decodedPicture } from "./picture";
export { canvasReadsBack } from "./readback";
export type * from "./types";
