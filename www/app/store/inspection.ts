import { effect, signal, untracked } from "@preact/signals";
import type { ImageInspection, ResNetError } from "resnet-web";
import type { ModelStore } from "./model";
import { fileOf, type PhotoStore } from "./photo";

/** What is known of the photo's way through the network. */
export interface InspectionState {
  inspection: ImageInspection | null;
  looking: boolean;
  error: ResNetError | null;
}

const NOTHING: InspectionState = { inspection: null, looking: false, error: null };

/** The layer that is looked into, and what the photo became there. */
export type InspectionStore = ReturnType<typeof createInspection>;

/** Looks into the network when asked to; another photo or model makes what was seen stale. */
export function createInspection(
  { classifier, model }: Pick<ModelStore, "classifier" | "model">,
  { photo, result, features }: Pick<PhotoStore, "photo" | "result" | "features">,
) {
  const state = signal<InspectionState>(NOTHING);
  const layer = signal<number | null>(null);
  let underWay: AbortController | null = null;

  effect(() => {
    model.value;
    photo.value;
    untracked(() => {
      underWay?.abort();
      state.value = NOTHING;
    });
  });

  async function look(): Promise<void> {
    const current = { photo: photo.peek(), model: model.peek() };
    if (!current.photo || !current.model) return;
    underWay?.abort();
    underWay = new AbortController();
    const { signal } = underWay;
    state.value = { ...NOTHING, looking: true };
    let outcome: InspectionState;
    try {
      const inspection = await classifier.inspect(fileOf(current.photo), { signal });
      // Another model's layers do not belong to this one's rows.
      const isOwn = inspection.model === current.model.id;
      outcome = { ...NOTHING, inspection: isOwn ? inspection : null };
    } catch (thrown) {
      outcome = { ...NOTHING, error: thrown as ResNetError };
    }
    if (!signal.aborted) state.value = outcome;
  }

  return {
    state,
    /** The chosen row of the model's summary. */
    layer,
    look,
    /** Chooses a row, and inspects the network if the photo has a result and was not inspected yet. */
    choose(row: number) {
      layer.value = row;
      if (!state.peek().inspection && (result.peek() ?? features.peek())) void look();
    },
  };
}
