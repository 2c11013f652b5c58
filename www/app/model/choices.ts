import type { PreprocessingChoice, WeightChoices } from "resnet-web";
import { type Normalisation, normalisationOf, normalised, tidy } from "./normalisation";

/** What each parameter of the page's address may say. */
const STRIDES: readonly WeightChoices["strideOn"][] = ["conv1", "conv2"];
const STEM_POOLS: readonly WeightChoices["stemPool"][] = ["none", "max"];
const SHORTCUTS: readonly WeightChoices["shortcut"][] = [
  "projection",
  "average-pool",
  "zero-padded",
  "zero-padded-after",
];
const ANTI_ALIASINGS: readonly WeightChoices["antiAliasing"][] = ["blur", "average"];
const ARITHMETICS: readonly WeightChoices["arithmetic"][] = ["f32", "int8"];
const FILTERS: readonly PreprocessingChoice["interpolation"][] = [
  "nearest",
  "box",
  "bilinear",
  "bicubic",
];
const FITS: readonly PreprocessingChoice["fit"][] = ["crop", "stretch"];
const ORDERS: readonly PreprocessingChoice["channelOrder"][] = ["rgb", "bgr"];
const NAMES: readonly Normalisation[] = ["imagenet", "symmetric", "none"];

/** The longest name of a set of weights in a file. */
const LONGEST_NAME = 200;
/** The largest side that an address may ask for: no ResNet was trained on larger images. */
const LARGEST = 2048;

/** Choices that a person changes: `undefined` takes one back. */
export type ChangedChoices = { [K in keyof WeightChoices]: WeightChoices[K] | undefined };

/** `choices` after these changes. */
export function changed(choices: WeightChoices, changes: ChangedChoices): WeightChoices {
  const all = Object.entries({ ...choices, ...changes });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as WeightChoices;
}

/** The choices in an address, of what weight files may not say; unknown values are ignored. */
export function readChoices(parameters: URLSearchParams): WeightChoices {
  const strideOn = STRIDES.find((stride) => stride === parameters.get("stride"));
  const weightSet = parameters.get("set")?.slice(0, LONGEST_NAME);
  const arithmetic = ARITHMETICS.find((each) => each === parameters.get("arithmetic"));
  const preprocessing = readPreprocessing(parameters);
  const stemPool = STEM_POOLS.find((pool) => pool === parameters.get("stem-pool"));
  const shortcut = SHORTCUTS.find((kind) => kind === parameters.get("shortcut"));
  const antiAliasing = ANTI_ALIASINGS.find((kind) => kind === parameters.get("anti-aliasing"));
  return {
    ...(weightSet !== undefined && { weightSet }),
    ...(strideOn && { strideOn }),
    ...(stemPool && { stemPool }),
    ...(shortcut && { shortcut }),
    ...(antiAliasing && { antiAliasing }),
    ...(preprocessing && { preprocessing }),
    ...(arithmetic && { arithmetic }),
  };
}

/** Writes choices so that {@link readChoices} reads them again. */
export function writeChoices(choices: WeightChoices, parameters: URLSearchParams): void {
  const { weightSet, strideOn, stemPool, shortcut, antiAliasing } = choices;
  const { preprocessing, arithmetic } = choices;
  if (weightSet !== undefined) parameters.set("set", weightSet);
  if (strideOn) parameters.set("stride", strideOn);
  if (stemPool) parameters.set("stem-pool", stemPool);
  if (shortcut) parameters.set("shortcut", shortcut);
  if (antiAliasing) parameters.set("anti-aliasing", antiAliasing);
  if (preprocessing) writePreprocessing(preprocessing, parameters);
  if (arithmetic) parameters.set("arithmetic", arithmetic);
}

/** The preprocessing in an address, which names its normalisation or has its numbers. */
function readPreprocessing(parameters: URLSearchParams): PreprocessingChoice | undefined {
  const name = NAMES.find((each) => each === parameters.get("normalisation"));
  const mean = readChannels(parameters.get("mean"));
  const std = readChannels(parameters.get("std"));
  const crop = readSide(parameters.get("crop")) ?? 224;
  const resizeShortSide = readSide(parameters.get("resize")) ?? Math.max(256, crop);
  if (crop > resizeShortSide) return undefined;
  const interpolation = FILTERS.find((each) => each === parameters.get("filter"));
  const fit = FITS.find((each) => each === parameters.get("fit"));
  const channelOrder = ORDERS.find((each) => each === parameters.get("channels"));
  const range = readNumber(parameters.get("range"));
  const choice: PreprocessingChoice = {
    resizeShortSide,
    crop,
    ...(interpolation && { interpolation }),
    ...(fit && { fit }),
    ...(channelOrder && { channelOrder }),
    ...(range !== null && range > 0 && { range }),
  };
  if (name) return normalised(choice, name);
  return mean && std?.every((value) => value > 0) ? { ...choice, mean, std } : undefined;
}

/** Writes a preprocessing that leaves no size and no normalisation open; what is usual of the rest is left out. */
function writePreprocessing(choice: PreprocessingChoice, parameters: URLSearchParams): void {
  const { resizeShortSide, crop, mean, std, interpolation, fit, channelOrder, range = 1 } = choice;
  if (!resizeShortSide || !crop || !mean || !std) return;
  const name = normalisationOf({ mean, std, range });
  if (name) {
    parameters.set("normalisation", name);
  } else {
    parameters.set("mean", mean.map(tidy).join());
    parameters.set("std", std.map(tidy).join());
  }
  parameters.set("resize", String(resizeShortSide));
  parameters.set("crop", String(crop));
  if (interpolation && interpolation !== "bilinear") parameters.set("filter", interpolation);
  if (fit && fit !== "crop") parameters.set("fit", fit);
  if (channelOrder && channelOrder !== "rgb") parameters.set("channels", channelOrder);
  if (range !== 1) parameters.set("range", String(range));
}

/** Three numbers with commas between them. */
function readChannels(text: string | null): [number, number, number] | null {
  const [first, second, third, ...others] = (text ?? "").split(",").map(readNumber);
  if (typeof first !== "number" || typeof second !== "number" || typeof third !== "number") {
    return null;
  }
  return others.length === 0 ? [first, second, third] : null;
}

function readNumber(text: string | null): number | null {
  const number = Number(text);
  return text?.trim() && Number.isFinite(number) ? number : null;
}

function readSide(text: string | null): number | null {
  const side = Number(text);
  return text && Number.isInteger(side) && side >= 1 && side <= LARGEST ? side : null;
}
