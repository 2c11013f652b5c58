import type { RefObject } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import {
  type Classifier,
  type ErrorCode,
  type ImageClassification,
  isReplaced,
  type LoadedModel,
  type ResNetError,
} from "../../lib";
import type { Fault } from "../settings";

/** A photo the person chose. */
export interface Photo {
  blob: Blob;
  name: string;
}

/** A photo on the page, and what became of it. */
export interface ClassificationState {
  photo: (Photo & { url: string }) | null;
  /** Whether the photo waits for the model or is being looked at. */
  stage: "idle" | "waiting" | "running";
  result: ImageClassification | null;
  error: ResNetError | null;
}

/** More classes than any model has: how many are shown can change without another run. */
const ALL = 1e6;

/** What cannot be decoded, or takes too much memory, cannot be shown either. */
const UNSHOWN: readonly ErrorCode[] = ["image-decode", "image-size"];

const NOTHING: ClassificationState = { photo: null, stage: "idle", result: null, error: null };

/**
 * Classifies the newest photo, as soon as there is a model, and again when there is another; older ones are forgotten.
 *
 * @param fault what goes wrong at the first photo, to see the page recover
 */
export function useClassification(
  classifier: RefObject<Classifier | null>,
  model: LoadedModel | null,
  fault: Fault | null,
) {
  const [state, setState] = useState<ClassificationState>(NOTHING);
  const newest = useRef(0);
  const faultDue = useRef(fault);
  /** Cancels the classification under way when there is a newer photo or model. */
  const underWay = useRef<AbortController | null>(null);
  const retried = useRef(0);

  const show = useCallback((photo: Photo) => {
    newest.current += 1;
    underWay.current?.abort();
    setState((before) => {
      if (before.photo) URL.revokeObjectURL(before.photo.url);
      return {
        ...NOTHING,
        photo: { ...photo, url: URL.createObjectURL(photo.blob) },
        stage: "waiting",
      };
    });
  }, []);

  const { photo, stage } = state;
  const ready = model !== null;
  const seen = useRef(model);
  useEffect(() => {
    if (seen.current === model) return;
    seen.current = model;
    // Another model, or the same with other names for its classes, sees something else.
    newest.current += 1;
    underWay.current?.abort();
    setState((before) => (before.photo ? { ...before, stage: "waiting", error: null } : before));
  }, [model]);

  useEffect(() => {
    if (!ready || !photo || stage !== "waiting" || !classifier.current) return;
    const turn = newest.current;
    const change = (part: Partial<ClassificationState>) => {
      // A photo chosen meanwhile has taken this one's place.
      if (turn === newest.current) setState((before) => ({ ...before, ...part }));
    };
    change({ stage: "running" });
    if (faultDue.current === "panic") classifier.current.crash();
    if (faultDue.current === "device-lost") classifier.current.loseDevice();
    faultDue.current = null;
    const file = new File([photo.blob], photo.name, { type: photo.blob.type });
    underWay.current = new AbortController();
    const { signal } = underWay.current;
    classifier.current.classify(file, { top: ALL, signal }).then(
      (result) => change({ stage: "idle", result }),
      (error: ResNetError) => {
        // Another worker has taken over: the photo is worth one more try there.
        const again = isReplaced(error.code) && retried.current !== turn;
        retried.current = turn;
        if (again) return change({ stage: "waiting" });
        change({ stage: "idle", error });
        if (!UNSHOWN.includes(error.code)) return;
        change({ photo: null });
        URL.revokeObjectURL(photo.url);
      },
    );
  }, [ready, photo, stage, classifier]);

  const dismissError = useCallback(() => setState((before) => ({ ...before, error: null })), []);
  return { ...state, show, dismissError };
}
