import { computed, signal } from "@preact/signals";
import type { LoadedModel, Prediction, ResNetError } from "resnet-web";
import { ActivationFeed } from "../live/feed";
import type { ModelStore } from "./model";

/** Whose evidence is shown over the video: that of the most probable class, of a certain one, or none. */
export type Where = "first" | Prediction | null;

/** The camera, and what is shown over its video. */
export type CameraStore = ReturnType<typeof createCamera>;

/** Keeps whether the camera is on, and why it is off. */
export function createCamera({ model }: Pick<ModelStore, "model">) {
  const on = signal(false);
  const error = signal<ResNetError | null>(null);
  const asked = signal<{ where: Where; model: LoadedModel | null }>({ where: null, model: null });

  return {
    on,
    /** The camera's video, while it shows something. */
    video: signal<HTMLVideoElement | null>(null),
    /** Why its frames cannot be classified any more. */
    error,
    /** Another model has other classes. */
    where: computed(() => (asked.value.model === model.value ? asked.value.where : null)),
    /** Brings each frame's evidence to where it is drawn. */
    feed: new ActivationFeed(),

    showWhere(where: Where) {
      asked.value = { where, model: model.peek() };
    },

    /** Frames cannot be classified any more. */
    fail(reason: ResNetError) {
      on.value = false;
      error.value = reason;
    },

    dismissError() {
      error.value = null;
    },
  };
}
