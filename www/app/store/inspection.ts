import type { RefObject } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Classifier, ImageInspection, LoadedModel, ResNetError } from "../../lib";
import type { Photo } from "./photo";

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
  const underWay = useRef<AbortController | null>(null);

  // Another model or photo makes what was seen stale.
  useEffect(() => {
    underWay.current?.abort();
    setState(NOTHING);
  }, [model, photo]);

  const look = useCallback(async () => {
    if (!classifier.current || !photo || !model) return;
    underWay.current?.abort();
    const look = new AbortController();
    underWay.current = look;
    const { signal } = look;
    setState({ ...NOTHING, looking: true });
    let outcome: InspectionState;
    try {
      const file = new File([photo.blob], photo.name, { type: photo.blob.type });
      const inspection = await classifier.current.inspect(file, { signal });
      // Another model's layers do not belong to this one's rows.
      outcome = { ...NOTHING, inspection: inspection.model === model.id ? inspection : null };
    } catch (thrown) {
      outcome = { ...NOTHING, error: thrown as ResNetError };
    }
    if (!signal.aborted) setState(outcome);
  }, [classifier, photo, model]);

  return { ...state, look };
}
