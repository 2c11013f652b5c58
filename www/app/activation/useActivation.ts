import type { RefObject } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { Classifier, Evidence, LoadedModel, Prediction } from "../../lib";
import type { Photo } from "../results/useClassification";

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

  useEffect(() => setAsked(null), [model, photo]);

  useEffect(() => {
    let current = true;
    setActivation(null);
    if (!asked || !photo) return;
    const file = new File([photo.blob], photo.name, { type: photo.blob.type });
    classifier.current?.classify(file, { top: 1, evidence: asked.index }).then(
      ({ evidence, width, height }) => {
        if (current && evidence) setActivation({ label: asked.label, evidence, width, height });
      },
      // Whoever asks again tries again.
      () => current && setAsked(null),
    );
    return () => {
      current = false;
    };
  }, [classifier, asked, photo]);

  const ask = useCallback(
    (prediction: Prediction | null) =>
      setAsked((before) => (before?.index === prediction?.index ? null : prediction)),
    [],
  );
  return { asked, activation, ask };
}
