import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import {
  Classifier,
  type DeviceStatus,
  type LoadedModel,
  type Progress,
  type ResNetError,
} from "../../lib";
import type { Settings } from "../settings";

/** Where the page's model stands. */
export interface ModelState {
  /** The device in use; null while it is being opened. */
  device: DeviceStatus | null;
  /** The model; null until one is loaded. */
  model: LoadedModel | null;
  /** How far the download is; null when there is none. */
  progress: Progress | null;
  /** Why there is no new model. */
  error: ResNetError | null;
}

/** The address of the default weights. */
const WEIGHTS = "./weights/manifest.json";

/** The classifier of the page, its state, and the ways to load the weights again and to cancel that. */
export function useModel({ device: policy }: Settings) {
  const [state, setState] = useState<ModelState>({
    device: null,
    model: null,
    progress: null,
    error: null,
  });
  const change = useCallback(
    (part: Partial<ModelState>) => setState((before) => ({ ...before, ...part })),
    [],
  );
  const classifier = useRef<Classifier | null>(null);
  const download = useRef<AbortController | null>(null);

  const load = useCallback(async () => {
    const current = classifier.current;
    if (!current) return;
    download.current?.abort();
    const controller = new AbortController();
    download.current = controller;
    change({ error: null, progress: { loaded: 0, total: null, cached: false } });
    try {
      const model = await current.load(WEIGHTS, { signal: controller.signal });
      change({ model, progress: null });
    } catch (thrown) {
      // A newer download has taken over and tells for itself.
      if (download.current !== controller) return;
      change({ error: thrown as ResNetError, progress: null });
    }
  }, [change]);

  useEffect(() => {
    const created = new Classifier({
      device: policy,
      onDevice: (device) => change({ device }),
      onProgress: (progress) => change({ progress }),
    });
    classifier.current = created;
    created.device.catch((error: ResNetError) => change({ error }));
    void load();
    return () => created.dispose();
  }, [policy, change, load]);

  const cancel = useCallback(() => download.current?.abort(), []);
  const dismissError = useCallback(() => change({ error: null }), [change]);
  return { ...state, classifier, load, cancel, dismissError };
}
