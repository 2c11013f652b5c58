import type { RefObject } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Classifier, ImageInspection, LoadedModel, ResNetError } from "../../lib";
import type { Photo } from "../results/useClassification";

/** What is known of the photo's way through the network. */
export interface InspectionState {
  inspection: ImageInspection | null;
  looking: boolean;
  error: ResNetError | null;
}

const NOTHING: InspectionState = { inspection: null, looking: false, error: null };

/** Looks into the network when asked to; what was seen is forgotten with its photo or its model. */
export function useInspection(
  classifier: RefObject<Classifier | null>,
  model: LoadedModel | null,
  photo: Photo | null,
) {
  const [state, setState] = useState<InspectionState>(NOTHING);
  const newest = useRef(0);

  // Another model or photo makes what was seen stale.
  useEffect(() => {
    newest.current += 1;
    setState(NOTHING);
  }, [model, photo]);

  const look = useCallback(async () => {
    if (!classifier.current || !photo || !model) return;
    newest.current += 1;
    const turn = newest.current;
    setState({ ...NOTHING, looking: true });
    let outcome: InspectionState;
    try {
      const file = new File([photo.blob], photo.name, { type: photo.blob.type });
      outcome = { ...NOTHING, inspection: await classifier.current.inspect(file) };
    } catch (thrown) {
      outcome = { ...NOTHING, error: thrown as ResNetError };
    }
    if (turn === newest.current) setState(outcome);
  }, [classifier, photo, model]);

  return { ...state, look };
}
