import { computed } from "@preact/signals";
import type { Settings } from "../settings";
import { createCamera } from "./camera";
import { createEvidence } from "./evidence";
import { createInspection } from "./inspection";
import { createIsolation } from "./isolation";
import { createModel, type MakeClassifier } from "./model";
import { createNotices } from "./notices";
import { createOffline } from "./offline";
import { createPhoto } from "./photo";
import { createSource } from "./source";
import { createView } from "./view";

/** The page's state and its actions, a part for each thing a person sees. */
export type Store = ReturnType<typeof createStore>;

/** Makes the store, and begins to load the model. */
export function createStore(settings: Settings, make?: MakeClassifier) {
  const isolation = createIsolation(settings);
  const model = createModel(settings, make);
  const isSettled = computed(() => model.model.value !== null || model.state.value.error !== null);
  const offline = createOffline(settings.offlineOff, isSettled);
  const photo = createPhoto(model);
  const camera = createCamera(model);
  const source = createSource(model, photo, camera);
  const parts = { isolation, model, offline, photo, camera, source };
  return {
    ...parts,
    evidence: createEvidence(model, photo),
    inspection: createInspection(model, photo),
    view: createView(settings, model),
    notices: createNotices(parts),
  };
}
