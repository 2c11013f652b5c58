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

export { type ErrorCode, isReplaced, ResNetError } from "../protocol/errors";
export type * from "../protocol/types";
export { canBeWeights } from "../worker/weights/beginning";
export { decodedImage } from "./internal/decode";
export { canvasReadsBack } from "./internal/readback";
export {
  Classifier,
  type ClassifierOptions,
  type ClassifyOptions,
  createClassifier,
  type DeviceOptions,
  type ImageInput,
  type InspectOptions,
  type LoadOptions,
} from "./public/classifier";
