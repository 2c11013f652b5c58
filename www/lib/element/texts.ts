import type { Prediction, ResNetError } from "resnet-web";

/** What `<resnet-classifier>` shows and announces. `prompt` and `choose` are the slots' contents where nothing is slotted. */
export interface ElementTexts {
  /** Beside the button. */
  prompt: string;
  /** On the button. */
  choose: string;
  /** The alternative text of the photo. */
  photo: string;
  /** The name of the list of results. */
  results: string;
  /** While weights are loaded. */
  loading: string;
  /** When the model is there. */
  ready: string;
  /** While a photo is classified. */
  classifying: string;
  /** Announced with a result. */
  result: (top: readonly Prediction[]) => string;
  /** A probability from 0 to 1. */
  probability: (value: number) => string;
  /** In the place of a result. */
  error: (error: ResNetError) => string;
}

/** The texts in English, with numbers as the browser's language writes them. */
export const ENGLISH: ElementTexts = {
  prompt: "Drop a photo here, or",
  choose: "Choose a photo",
  photo: "The chosen photo",
  results: "Most probable classes",
  loading: "Loading the model…",
  ready: "The model is ready.",
  classifying: "Classifying…",
  result: ([first]) =>
    first ? `It shows: ${first.label}, ${ENGLISH.probability(first.probability)}.` : "",
  probability: (value) =>
    new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 }).format(value),
  error: ({ message }) => message,
};
