import { computed, signal } from "@preact/signals";
import { rememberedView, rememberView, type View } from "../results/view";
import { type Settings, shareLink } from "../settings";
import type { ModelStore } from "./model";

/** How much of a result is shown, and the link that restores it. */
export type ViewStore = ReturnType<typeof createView>;

/** The view that the address asks for, or that of the last visit. */
export function createView(
  settings: Pick<Settings, "top" | "threshold">,
  { state, shown, isDefault }: Pick<ModelStore, "state" | "shown" | "isDefault">,
) {
  const remembered = rememberedView();
  const view = signal<View>({
    top: settings.top ?? remembered.top,
    threshold: settings.threshold ?? remembered.threshold,
  });

  return {
    view,
    /** An address that restores model and settings; null where the weights are a file of this device. */
    link: computed(() => {
      const { source, choices } = shown.value;
      if (source instanceof Blob) return null;
      const { policy, threads } = state.value;
      const weights = isDefault.value ? null : String(source);
      const shared = { ...view.value, device: policy, threads, weights, choices };
      return shareLink(location.href, shared);
    }),
    change(changed: View) {
      view.value = changed;
      rememberView(changed);
    },
  };
}
