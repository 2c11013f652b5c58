import { batch, effect, signal, untracked } from "@preact/signals";
import type { Evidence, Prediction } from "resnet-web";
import type { ModelStore } from "./model";
import { fileOf, type PhotoStore } from "./photo";

/** A class and where in an image the evidence for it lies. */
export interface Activation {
  label: string;
  evidence: Evidence;
  /** The image's size in pixels. */
  width: number;
  height: number;
}

/** The class activation map that lies over the photo. */
export type EvidenceStore = ReturnType<typeof createEvidence>;

/** Computes class activation maps of the photo when asked to; another photo or model removes them. */
export function createEvidence(
  { classifier, model }: Pick<ModelStore, "classifier" | "model">,
  { photo }: Pick<PhotoStore, "photo">,
) {
  const asked = signal<Prediction | null>(null);
  const activation = signal<Activation | null>(null);
  let underWay: AbortController | null = null;

  async function show(prediction: Prediction | null): Promise<void> {
    underWay?.abort();
    batch(() => {
      asked.value = prediction;
      activation.value = null;
    });
    const current = photo.peek();
    if (!prediction || !current) return;
    underWay = new AbortController();
    const { signal } = underWay;
    try {
      const options = { top: 1, evidence: prediction.index, signal };
      const result = await classifier.classify(fileOf(current), options);
      const { evidence, width, height } = result;
      // A class index means something else to another model.
      if (signal.aborted || result.model !== model.peek()?.id || !evidence) return;
      activation.value = { label: prediction.label, evidence, width, height };
    } catch {
      // The person can press the button again.
      if (!signal.aborted) asked.value = null;
    }
  }

  effect(() => {
    model.value;
    photo.value;
    untracked(() => void show(null));
  });

  return {
    /** The class whose evidence is asked for. */
    asked,
    /** Its map, once it is computed. */
    activation,
    /** Asks for the evidence for a class; for the class that is shown already, hides it. */
    ask(prediction: Prediction | null) {
      void show(asked.peek()?.index === prediction?.index ? null : prediction);
    },
  };
}
