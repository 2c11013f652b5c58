import type { RefObject } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { Classifier, ImageInspection, Prediction } from "../../lib";

/** A class and what each place of the photo added to its logit. */
export interface Activation {
  prediction: Prediction;
  evidence: Float32Array;
}

/** The class activation map that is asked for; the network is looked into first, where it was not yet. */
export function useActivation(
  classifier: RefObject<Classifier | null>,
  inspection: ImageInspection | null,
  look: () => void,
) {
  const [asked, setAsked] = useState<Prediction | null>(null);
  const [activation, setActivation] = useState<Activation | null>(null);

  useEffect(() => {
    let current = true;
    setActivation(null);
    if (!asked || !inspection) return;
    classifier.current?.evidence(asked.index).then(
      (evidence) => current && setActivation({ prediction: asked, evidence }),
      // What was seen is gone with its model; whoever asks again looks again.
      () => current && setAsked(null),
    );
    return () => {
      current = false;
    };
  }, [classifier, asked, inspection]);

  const ask = useCallback(
    (prediction: Prediction | null) => {
      setAsked((before) => (before?.index === prediction?.index ? null : prediction));
      if (prediction && !inspection) look();
    },
    [inspection, look],
  );
  return { asked, activation, ask };
}
