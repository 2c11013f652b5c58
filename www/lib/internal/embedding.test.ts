import { expect, it } from "vitest";
import type { ImageClassification } from "../../protocol/types";
import { embeddingOf } from "./embedding";

it.each([
  [[3, 4], true, [0.6, 0.8]],
  [[3, 4], false, [3, 4]],
  [[0, 0], true, [0, 0]],
])("of the features %o, normalize %o, the embedding is %o", (features, normalize, expected) => {
  const answer = { embedding: new Float32Array(features) } as ImageClassification;
  expect(embeddingOf(answer, normalize)).toEqual(new Float32Array(expected));
});
