import type { RefObject } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { Classifier, Evidence, LoadedModel, Prediction } from "../../lib";
import type { Photo } from "./photo";

/** A class and where in a picture the evidence for it lies. */
export interface Activation {
  label: string;
  evidence: Evidence;
  /** The picture's size in pixels. */
  width: number;
  height: number;
}

/** The class activation map that is asked for; another photo or model takes it away. */
export function useActivation(
  classifier: RefObject<Classifier | null>,
  model: LoadedModel | null,
  photo: Photo | null,
) {
  const [asked, setAsked] = useState<Prediction | null>(null);
  const [activation, setActivation] = useState<Activation | null>(null);

  const modelId = model?.id;
  useEffect(() => setAsked(null), [model, photo]);

  useEffect(() => {
    setActivation(null);
    if (!asked || !photo) return;
    const over = new AbortController();
    const { signal } = over;
    const file = new File([photo.blob], photo.name, { type: photo.blob.type });
    classifier.current?.classify(file, { top: 1, evidence: asked.index, signal }).then(
      ({ model: answering, evidence, width, height }) => {
        // A class's index means something else to another model.
        if (signal.aborted || answering !== modelId || !evidence) return;
        setActivation({ label: asked.label, evidence, width, height });
      },
      // Whoever asks again tries again.
      () => !signal.aborted && setAsked(null),
    );
    return () => over.abort();
  }, [classifier, asked, photo, modelId]);

  const ask = useCallback(
    (prediction: Prediction | null) =>
      setAsked((before) => (before?.index === prediction?.index ? null : prediction)),
    [],
  );
  return { asked, activation, ask };
}
