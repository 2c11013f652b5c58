import { type ResNetError, toResNetError } from "../../protocol/errors";
import type { ImageClassification } from "../../protocol/types";
import { following, unlessAborted } from "../internal/abort";
import { checkConcurrency } from "../internal/arguments";
import { endIteration } from "../internal/iteration";
import type { ClassifyOptions } from "./classifier";
import type { ImageInput } from "./image-input";

/** How many images are classified: {@link Classifier.classifyMany}. */
export interface ManyOptions extends ClassifyOptions {
  /**
   * How many images are under way at a time, from 1 on; 2 if left out, so that one is decoded while the network classifies
   * another. More take memory and gain nothing, unless images come from a network.
   */
  concurrency?: number;
  /** Called when an image is done, with or without a result. */
  onProgress?: (progress: ManyProgress) => void;
}

/** How far {@link Classifier.classifyMany} is. */
export interface ManyProgress {
  /** Images that are done, those that failed included. */
  done: number;
  /** Images that failed. */
  failed: number;
  /** Images in all; left out where the source does not say how many it has. */
  total?: number;
}

/** One of many images: with its result, or with the error that kept it from having one. */
export type ManyItem<Image = ImageInput> =
  | { index: number; image: Image; result: ImageClassification; error?: undefined }
  | { index: number; image: Image; result?: undefined; error: ResNetError };

/** Several images, in a list or one after the other. */
export type Images<Image = ImageInput> = Iterable<Image> | AsyncIterable<Image>;

/**
 * What {@link Classifier.classifyMany} does, with `classify` for each image.
 *
 * @param disposed is aborted when the classifier is disposed of, with the error as its reason
 */
export async function* classifyEach<Image>(
  classify: (image: Image, options: ClassifyOptions) => Promise<ImageClassification>,
  images: Images<Image>,
  { concurrency = 2, onProgress, signal, ...options }: ManyOptions,
  disposed?: AbortSignal,
): AsyncGenerator<ManyItem<Image>, void, undefined> {
  checkConcurrency(concurrency);
  const source = iteratorOf(images);
  const total = lengthOf(images);
  const { any: over, unfollow } = following([signal, disposed]);
  let [begun, done, failed] = [0, 0, 0];

  const next = async (): Promise<ManyItem<Image> | undefined> => {
    const { value: image, done: isEnd } = await unlessAborted(
      Promise.resolve(source.next()),
      over.signal,
    );
    if (isEnd) return undefined;
    const item = { index: begun, image };
    begun += 1;
    const outcome = await outcomeOf(() => classify(image, { ...options, signal: over.signal }));
    // What ends every call ends this, too.
    if (outcome.error?.code === "aborted") throw outcome.error;
    done += 1;
    if (outcome.error) failed += 1;
    onProgress?.({ done, failed, ...(total !== undefined && { total }) });
    return { ...item, ...outcome };
  };
  const underWay: Promise<ManyItem<Image> | undefined>[] = [];
  const begin = () => {
    const item = next();
    // It is heard of in its turn.
    item.catch(() => {});
    underWay.push(item);
  };
  try {
    for (let i = 0; i < concurrency; i += 1) begin();
    for (;;) {
      const item = await underWay.shift();
      if (!item) return;
      begin();
      yield item;
    }
  } finally {
    unfollow();
    over.abort();
    endIteration(source);
  }
}

async function outcomeOf(
  work: () => Promise<ImageClassification>,
): Promise<
  { result: ImageClassification; error?: undefined } | { result?: undefined; error: ResNetError }
> {
  try {
    return { result: await work() };
  } catch (thrown) {
    return { error: toResNetError(thrown) };
  }
}

function iteratorOf<Image>(
  images: Iterable<Image> | AsyncIterable<Image>,
): Iterator<Image> | AsyncIterator<Image> {
  return Symbol.asyncIterator in images
    ? images[Symbol.asyncIterator]()
    : images[Symbol.iterator]();
}

function lengthOf(images: object): number | undefined {
  const { length, size } = images as { length?: unknown; size?: unknown };
  return [length, size].find((count): count is number => typeof count === "number");
}
