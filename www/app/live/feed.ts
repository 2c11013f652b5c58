import type { Activation } from "../store/evidence";

/** Called with the newest frame's map; null where there is none. */
type Listener = (activation: Activation | null) => void;

/**
 * Brings each frame's class activation map from where frames are classified to where it is drawn over them, so that nothing
 * between the two is rendered at every frame.
 */
export class ActivationFeed {
  readonly #listeners = new Set<Listener>();

  show(activation: Activation | null): void {
    for (const listener of this.#listeners) listener(activation);
  }

  /** Returns what ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
