import { computed, effect, signal, untracked } from "@preact/signals";
import type { ErrorCode, ImageClassification, ResNetError } from "resnet-web";
import type { ModelStore } from "./model";

/** A photo the person chose. */
export interface Photo {
  blob: Blob;
  name: string;
}

/** A photo that is on the page, where it has an address. */
export interface ShownPhoto extends Photo {
  url: string;
}

/** A photo on the page, and what became of it. */
export interface PhotoState {
  photo: ShownPhoto | null;
  /** Whether the photo waits for the model or is being classified. */
  stage: "idle" | "waiting" | "running";
  result: ImageClassification | null;
  /** In place of a result, from a model without classes. */
  features: Features | null;
  error: ResNetError | null;
}

/** What a model without classes makes of a photo. */
export interface Features {
  /** The model's number. */
  model: number;
  /** The embedding: one number for each feature. */
  values: Float32Array;
}

/** More classes than any model has: how many are shown can change without another run. */
const ALL = 1e6;

/** What cannot be decoded, or takes too much memory, cannot be shown either. */
const UNSHOWN: readonly ErrorCode[] = ["image-decode", "image-size"];

const NOTHING: PhotoState = {
  photo: null,
  stage: "idle",
  result: null,
  features: null,
  error: null,
};

/** The newest photo and its result. */
export type PhotoStore = ReturnType<typeof createPhoto>;

/**
 * Classifies the newest photo as soon as there is a model, and again when there is another; older photos are forgotten.
 */
export function createPhoto({ classifier, model }: Pick<ModelStore, "classifier" | "model">) {
  const state = signal<PhotoState>(NOTHING);
  const change = (part: Partial<PhotoState>) => {
    state.value = { ...state.peek(), ...part };
  };
  /** Counts photos and models: what belongs to an earlier turn is dropped. */
  let newest = 0;
  /** Cancels the classification under way when there is a newer photo or model. */
  let underWay: AbortController | null = null;

  function beginTurn(): void {
    newest += 1;
    underWay?.abort();
  }

  async function classify(): Promise<void> {
    const { photo, stage } = state.peek();
    const current = model.peek();
    if (!current || !photo || stage !== "waiting") return;
    const turn = newest;
    const changeInTurn = (part: Partial<PhotoState>) => {
      if (turn === newest) change(part);
    };
    change({ stage: "running" });
    underWay = new AbortController();
    const { signal } = underWay;
    try {
      if (current.info.classes === 0) {
        const values = await classifier.embed(fileOf(photo), { signal });
        changeInTurn({ stage: "idle", features: { model: current.id, values } });
        return;
      }
      const result = await classifier.classify(fileOf(photo), { top: ALL, signal });
      changeInTurn({ stage: "idle", result });
    } catch (thrown) {
      const error = thrown as ResNetError;
      const isUnshown = UNSHOWN.includes(error.code);
      changeInTurn({ stage: "idle", error, ...(isUnshown && { photo: null }) });
      if (isUnshown) URL.revokeObjectURL(photo.url);
    }
  }

  let seen = model.peek();
  effect(() => {
    const current = model.value;
    if (current === seen) return;
    seen = current;
    untracked(() => {
      // Another model, or the same with other labels, has another result.
      beginTurn();
      if (state.peek().photo) change({ stage: "waiting", error: null });
      void classify();
    });
  });

  return {
    state,
    /** The photo on the page. */
    photo: computed(() => state.value.photo),
    /** What the model on the page makes of it: never what the model before did. */
    result: computed(() =>
      state.value.result?.model === model.value?.id ? state.value.result : null,
    ),
    /** Likewise, where the model has no classes. */
    features: computed(() =>
      state.value.features?.model === model.value?.id ? state.value.features : null,
    ),

    /** Shows a photo in place of the one before, and classifies it. */
    show(photo: Photo) {
      beginTurn();
      const before = state.peek().photo;
      if (before) URL.revokeObjectURL(before.url);
      const shown = { ...photo, url: URL.createObjectURL(photo.blob) };
      state.value = { ...NOTHING, photo: shown, stage: "waiting" };
      void classify();
    },

    dismissError: () => change({ error: null }),
  };
}

/** A photo as a file, which errors name. */
export function fileOf({ blob, name }: Photo): File {
  return new File([blob], name, { type: blob.type });
}
