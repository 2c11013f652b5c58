import { ResNetError } from "../../protocol/errors";
import type { ImageClassification } from "../../protocol/types";

/**
 * The embedding of a run that was asked for it.
 *
 * @param normalize whether it is divided by its length, so that the dot product of two is the cosine of the angle between them.
 *   One of nothing but zeros stays as it is.
 */
export function embeddingOf({ embedding }: ImageClassification, normalize: boolean): Float32Array {
  if (!embedding) throw new ResNetError("unexpected", "The run returned no embedding.");
  if (!normalize) return embedding;
  const length = Math.sqrt(embedding.reduce((sum, feature) => sum + feature ** 2, 0));
  return length > 0 ? embedding.map((feature) => feature / length) : embedding;
}
