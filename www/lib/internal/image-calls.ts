import type { Wanted } from "../../protocol/messages";
import type { ImageClassification } from "../../protocol/types";
import { checkClassifyOptions, checkEmbedOptions } from "./arguments";
import { embeddingOf } from "./embedding";

/** Runs the network on an image. Classifiers of the browser and of Node.js do so in ways of their own. */
type Run = (signal: AbortSignal | undefined, wanted: Wanted) => Promise<ImageClassification>;

/** What can be cancelled. */
interface Cancellable {
  signal?: AbortSignal;
}

/** A call of `classify`: checks its options, and runs the network with the usual where they say nothing. */
export async function classifyWith(
  run: Run,
  { top = 5, evidence, embedding = false, signal }: Partial<Wanted> & Cancellable,
): Promise<ImageClassification> {
  checkClassifyOptions(top, evidence, embedding);
  return run(signal, { top, ...(evidence !== undefined && { evidence }), embedding });
}

/** A call of `embed`: checks its options, and runs the network for the embedding alone. */
export async function embedWith(
  run: Run,
  { normalize = false, signal }: { normalize?: boolean } & Cancellable,
): Promise<Float32Array> {
  checkEmbedOptions(normalize);
  return embeddingOf(await run(signal, { top: 0, embedding: true }), normalize);
}
