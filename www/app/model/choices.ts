import type { PreprocessingChoice, WeightChoices } from "resnet-web";
import { type Normalisation, normalisationOf, normalised } from "./normalisation";

/** What each parameter of the page's address may say. */
const STRIDES: readonly WeightChoices["strideOn"][] = ["conv1", "conv2"];
const ARITHMETICS: readonly WeightChoices["arithmetic"][] = ["f32", "int8"];
const NAMES: readonly Normalisation[] = ["imagenet", "symmetric", "none"];

/** The longest name of a set of weights in a file. */
const LONGEST_NAME = 200;
/** The largest side that an address may ask for: no ResNet was trained on larger images. */
const LARGEST = 2048;

/** The choices in an address, of what weight files may not say; unknown values are ignored. */
export function readChoices(parameters: URLSearchParams): WeightChoices {
  const strideOn = STRIDES.find((stride) => stride === parameters.get("stride"));
  const weightSet = parameters.get("set")?.slice(0, LONGEST_NAME);
  const arithmetic = ARITHMETICS.find((each) => each === parameters.get("arithmetic"));
  const preprocessing = readPreprocessing(parameters);
  return {
    ...(weightSet !== undefined && { weightSet }),
    ...(strideOn && { strideOn }),
    ...(preprocessing && { preprocessing }),
    ...(arithmetic && { arithmetic }),
  };
}

/** Writes choices so that {@link readChoices} reads them again. A normalisation of a file's own is not written. */
export function writeChoices(choices: WeightChoices, parameters: URLSearchParams): void {
  const { weightSet, strideOn, preprocessing, arithmetic } = choices;
  if (weightSet !== undefined) parameters.set("set", weightSet);
  if (strideOn) parameters.set("stride", strideOn);
  const { resizeShortSide, crop, mean, std } = preprocessing ?? {};
  const normalisation = mean && std && normalisationOf({ mean, std });
  if (normalisation && resizeShortSide && crop) {
    parameters.set("normalisation", normalisation);
    parameters.set("resize", String(resizeShortSide));
    parameters.set("crop", String(crop));
  }
  if (arithmetic) parameters.set("arithmetic", arithmetic);
}

function readPreprocessing(parameters: URLSearchParams): PreprocessingChoice | undefined {
  const name = NAMES.find((each) => each === parameters.get("normalisation"));
  if (!name) return undefined;
  const crop = readSide(parameters.get("crop")) ?? 224;
  const resizeShortSide = readSide(parameters.get("resize")) ?? Math.max(256, crop);
  if (crop > resizeShortSide) return undefined;
  return normalised({ resizeShortSide, crop }, name);
}

function readSide(text: string | null): number | null {
  const side = Number(text);
  return text && Number.isInteger(side) && side >= 1 && side <= LARGEST ? side : null;
}
