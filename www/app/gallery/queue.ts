import type { ErrorCode, ImageClassification } from "../../lib";

/** What became of one photo of many. */
export type Outcome = { result: ImageClassification } | { error: string };

/** Photos with the classifier at a time: one is decoded while the network looks at the other. */
const AHEAD = 2;
/** What fails because the worker has been replaced: worth one more try. */
const REPLACED: readonly (ErrorCode | undefined)[] = [
  "runtime-crashed",
  "device-lost",
  "device-failed",
];

/**
 * Classifies photos one after the other and tells of each as soon as it is done. One that fails does not stop the others;
 * when `signal` aborts, no further one is begun.
 */
export async function classifyAll(
  files: readonly File[],
  classify: (file: File) => Promise<ImageClassification>,
  onOutcome: (place: number, outcome: Outcome) => void,
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < files.length && !signal.aborted) {
      const place = next;
      next += 1;
      const outcome = await attempt(files[place] as File, classify);
      if (!signal.aborted) onOutcome(place, outcome);
    }
  };
  await Promise.all(Array.from({ length: AHEAD }, work));
}

async function attempt(
  file: File,
  classify: (file: File) => Promise<ImageClassification>,
  again = true,
): Promise<Outcome> {
  try {
    return { result: await classify(file) };
  } catch (thrown) {
    const { code, message } = thrown as Error & { code?: ErrorCode };
    if (again && REPLACED.includes(code)) return attempt(file, classify, false);
    return { error: message };
  }
}
