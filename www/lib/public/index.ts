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
 * @module resnet-web
 */

export { fileAddress } from "../../files/address";
export { canBeWeights } from "../../files/beginning";
export { externalDataNames } from "../../files/external-data";
export { watchFrames } from "../../images/frames";
export { canvasReadsBack } from "../../images/readback";
export { type ErrorCode, isReplaced, ResNetError } from "../../protocol/errors";
export type * from "../../protocol/types";
export { decodedImage } from "../internal/decode";
export {
  Classifier,
  type ClassifierOptions,
  type ClassifyOptions,
  createClassifier,
  type DeviceOptions,
  type EmbedOptions,
  type InspectOptions,
  type LoadOptions,
} from "./classifier";
export type { Images, ManyItem, ManyOptions, ManyProgress } from "./classify-many";
export type {
  FrameSource,
  StreamCounts,
  StreamFrame,
  StreamOptions,
} from "./classify-stream";
export type { ImageInput } from "./image-input";
