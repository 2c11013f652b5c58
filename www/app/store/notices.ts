import { computed, effect, signal } from "@preact/signals";
import type { DeviceStatus } from "resnet-web";
import { doubtfulOf, type NoticeAction, noticesOf } from "../notices/notices";
import { hasNewVersion } from "../outdated/check";
import type { CameraStore } from "./camera";
import type { IsolationStore } from "./isolation";
import type { ModelStore } from "./model";
import type { OfflineStore } from "./offline";
import type { PhotoStore } from "./photo";
import type { SourceStore } from "./source";

/** What the notices are derived from, and act on. */
interface Parts {
  model: ModelStore;
  photo: PhotoStore;
  camera: CameraStore;
  source: SourceStore;
  isolation: IsolationStore;
  offline: OfflineStore;
}

/** The page's notices, and what their buttons do. */
export type NoticeStore = ReturnType<typeof createNotices>;

/** Derives the notices from the rest of the state. */
export function createNotices({ model, photo, camera, source, isolation, offline }: Parts) {
  const restartSeen = signal<DeviceStatus | null>(null);
  const outdated = signal<boolean | null>(false);

  const errors = computed(() => ({
    photo: photo.state.value.error,
    live: camera.error.value,
    model: model.state.value.error,
  }));
  const doubtful = computed(() => {
    const failing = doubtfulOf(errors.value);
    return failing && errors.value[failing];
  });
  effect(() => {
    const error = doubtful.value;
    outdated.value = error ? null : false;
    if (!error) return;
    void hasNewVersion().then((answer) => {
      if (doubtful.peek() === error) outdated.value = answer;
    });
  });

  const act: Record<NoticeAction, () => void> = {
    update: offline.update,
    "postpone-update": offline.later,
    reload: () => location.reload(),
    "allow-download": model.allowDownload,
    "refuse-download": () => void model.open(null),
    "dismiss-restart"() {
      restartSeen.value = model.state.peek().device;
    },
    "dismiss-isolation": isolation.dismissFault,
    "dismiss-unused": source.dismissUnused,
    "dismiss-fault": source.dismissFault,
    "dismiss-photo": photo.dismissError,
    "dismiss-live": camera.dismissError,
    "dismiss-model": model.dismissError,
  };

  return {
    list: computed(() =>
      noticesOf({
        updateOffered: offline.offered.value,
        question: model.state.value.question,
        device: model.state.value.device,
        restartSeen: restartSeen.value,
        isolationFault: isolation.state.value.fault,
        unused: source.unused.value,
        fault: source.fault.value,
        errors: errors.value,
        outdated: outdated.value,
      }),
    ),
    act,
  };
}
