import type { ImageClassification } from "resnet-web";

/** What became of one photo of many. */
export type Outcome = { result: ImageClassification } | { error: string };
