import type { ErrorCode, ImageClassification } from "resnet-web";
import { worded } from "../worded";

/** What became of one photo of many. */
export type Outcome = { result: ImageClassification } | { error: string };

/** Photos with the classifier at a time: one is decoded while the network looks at the other. */
const AHEAD = 2;

/**
 * Classifies photos one after the other and reports each as soon as it is done. One that fails does not stop the others;
 * when `signal` aborts, no further one is begun. `classify` gets the signal as well.
 */
export async function classifyAll(
  files: readonly File[],
  classify: (file: File, signal: AbortSignal) => Promise<ImageClassification>,
  onOutcome: (place: number, outcome: Outcome) => void,
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < files.length && !signal.aborted) {
      const place = next;
      next += 1;
      const outcome = await attempt(() => classify(files[place] as File, signal));
      if (!signal.aborted) onOutcome(place, outcome);
    }
  };
  await Promise.all(Array.from({ length: AHEAD }, work));
}

async function attempt(classify: () => Promise<ImageClassification>): Promise<Outcome> {
  try {
    return { result: await classify() };
  } catch (thrown) {
    return { error: worded(thrown as Error & { code?: ErrorCode }) };
  }
}
