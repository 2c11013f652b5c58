import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import {
  type CachedWeights,
  Classifier,
  type Description,
  type DevicePolicy,
  type DeviceStatus,
  type LabelSource,
  type LoadedModel,
  type Progress,
  ResNetError,
  type ThreadCount,
  type WeightChoices,
  type WeightSource,
} from "../../lib";
import { allow, type Question, questionBefore } from "../model/consent";
import type { Settings } from "../settings";
import { rememberedThreads, rememberThreads } from "../status/threads";

/** Where the page's model stands. */
export interface ModelState {
  /** The device in use; null while it is being opened. */
  device: DeviceStatus | null;
  /** Whether none could be opened. */
  notOpened: boolean;
  /** How the device is chosen. */
  policy: DevicePolicy;
  /** On how many threads the CPU is to compute. */
  threads: ThreadCount;
  /** Whether it is just going over to another device or other threads. */
  switching: boolean;
  /** The model; null until one is loaded. */
  model: LoadedModel | null;
  /** How far the download is; null when there is none. */
  progress: Progress | null;
  /** What has to be answered before weights are downloaded. */
  question: Question | null;
  /** Why there is no new model. */
  error: ResNetError | null;
  /** What the browser keeps of weights; null where it does not tell. */
  cached: CachedWeights | null;
  /** What descriptions of the model ask for that is not supported. */
  unsupported: Description["unsupported"];
}

/** What descriptions of a model decide beside its labels; undefined where they decide nothing. */
function chosenBy(
  descriptions: readonly Description[],
  model: LoadedModel | undefined,
): WeightChoices | undefined {
  const preprocessing = Object.assign({}, ...descriptions.map((each) => each.preprocessing));
  const strideOn = descriptions.find((each) => each.strideOn)?.strideOn;
  const says = Object.keys(preprocessing).length > 0;
  if (!says && !strideOn) return undefined;
  return {
    // Whole, so that a link can bring it along.
    ...(says && { preprocessing: { ...model?.info.preprocessing, ...preprocessing } }),
    ...(strideOn && { strideOn }),
  };
}

/** A model that is asked for, or was. */
export interface Wanted {
  source: WeightSource;
  choices: WeightChoices;
  labels?: LabelSource;
}

/** The address of the default weights. */
const DEFAULT: WeightSource = "./weights/manifest.json";

/** The classifier of the page, its state, and the ways to give it other weights, labels, choices and threads. */
export function useModel({
  device: firstPolicy,
  weights,
  choices: firstChoices,
  threads,
}: Settings) {
  const [state, setState] = useState<ModelState>(() => ({
    device: null,
    notOpened: false,
    policy: firstPolicy,
    threads: threads ?? rememberedThreads() ?? "auto",
    switching: false,
    model: null,
    progress: null,
    question: null,
    error: null,
    cached: null,
    unsupported: [],
  }));
  const change = useCallback(
    (part: Partial<ModelState>) => setState((before) => ({ ...before, ...part })),
    [],
  );
  const classifier = useRef<Classifier | null>(null);
  const download = useRef<AbortController | null>(null);
  /** What was asked for last, and what is loaded: not the same after a failure. */
  const wanted = useRef<Wanted>({ source: weights ?? DEFAULT, choices: firstChoices });
  const loaded = useRef<Wanted | null>(null);
  /** What models were loaded from, by id; the one in use is last. The previous one may come back after a crash. */
  const sources = useRef(new Map<number, Wanted>());
  const firstThreads = useRef(state.threads);

  const countCache = useCallback(async () => {
    // Not telling is no fault: some browsers keep nothing here.
    const cached = await classifier.current?.cachedWeights().catch(() => null);
    change({ cached: cached ?? null });
  }, [change]);

  const load = useCallback(
    async (want: Wanted): Promise<boolean> => {
      const current = classifier.current;
      if (!current) return false;
      download.current?.abort();
      const controller = new AbortController();
      download.current = controller;
      wanted.current = want;
      const progress = { loaded: 0, total: null, cached: false };
      change({ error: null, question: null, progress });
      const { source, choices, labels } = want;
      const options = { ...choices, ...(labels !== undefined && { labels }) };
      try {
        const question = await questionBefore(source, document.baseURI, current);
        if (download.current !== controller) return false;
        if (controller.signal.aborted) throw new ResNetError("aborted", "Loading was cancelled.");
        if (question) {
          change({ question, progress: null });
          return false;
        }
        const model = await current.load(source, { ...options, signal: controller.signal });
        sources.current = new Map([...sources.current].slice(-1)).set(model.id, want);
        loaded.current = want;
        change({ model, progress: null });
        return true;
      } catch (thrown) {
        // A newer download has taken over and tells for itself.
        if (download.current === controller) {
          change({ error: thrown as ResNetError, progress: null });
        }
        return false;
      } finally {
        void countCache();
      }
    },
    [change, countCache],
  );

  useEffect(() => {
    const created = new Classifier({
      device: firstPolicy,
      threads: firstThreads.current,
      onDevice: (device) => change({ device }),
      onModel: (model) => {
        const source = sources.current.get(model.id);
        if (source) {
          sources.current.delete(model.id);
          sources.current.set(model.id, source);
          loaded.current = source;
        }
        change({ model });
      },
      onModelCrash: (error) => {
        loaded.current = null;
        change({ model: null, error });
      },
      onProgress: (progress) => change({ progress }),
    });
    classifier.current = created;
    created.device.catch((error: ResNetError) => change({ error, notOpened: true }));
    void load(wanted.current);
    return () => created.dispose();
  }, [firstPolicy, change, load]);

  /** Loads a file or an address; null is the default. Tells whether it is in use then. */
  const open = useCallback(
    (source: WeightSource | null) => {
      change({ unsupported: [] });
      return load({ source: source ?? DEFAULT, choices: {} });
    },
    [load, change],
  );
  const retry = useCallback(() => load(wanted.current), [load]);
  /** Downloads what was asked about. */
  const allowDownload = useCallback(
    ({ address }: Question) => {
      allow(address);
      return load(wanted.current);
    },
    [load],
  );
  /** Loads the model that is there once more, with what the file does not tell. */
  const choose = useCallback(
    (choices: WeightChoices) => {
      const before = loaded.current ?? wanted.current;
      return load({ ...before, choices: { ...before.choices, ...choices } });
    },
    [load],
  );
  /** Takes what files beside the weights tell of the model: its labels, and how it wants its pictures. */
  const describe = useCallback(
    async (files: readonly File[]) => {
      const current = classifier.current;
      if (!current) return;
      try {
        const found = await Promise.all(files.map((file) => current.describe(file)));
        const labels = found.find((each) => each.labels.length > 0)?.labels;
        const chosen = chosenBy(found, current.model);
        if (chosen) {
          const before = loaded.current ?? wanted.current;
          const choices = { ...before.choices, ...chosen };
          await load({ ...before, choices, ...(labels && { labels }) });
        } else if (labels) {
          const model = await current.setLabels(labels);
          const before = sources.current.get(model.id);
          if (before) {
            loaded.current = { ...before, labels };
            sources.current.set(model.id, loaded.current);
          }
          change({ model, error: null });
        }
        change({ unsupported: found.flatMap(({ unsupported }) => unsupported) });
      } catch (thrown) {
        change({ error: thrown as ResNetError });
      }
    },
    [load, change],
  );
  const policyBefore = state.policy;
  const setDevice = useCallback(
    async (policy: DevicePolicy) => {
      change({ policy, switching: true });
      try {
        await classifier.current?.setDevice(policy);
        change({ switching: false });
      } catch (thrown) {
        // A newer choice has replaced this one, and reports its own outcome.
        if ((thrown as ResNetError).code === "aborted") return;
        change({ policy: policyBefore, switching: false, error: thrown as ResNetError });
      }
    },
    [policyBefore, change],
  );
  const threadsBefore = state.threads;
  const setThreads = useCallback(
    async (count: ThreadCount) => {
      change({ threads: count, switching: true });
      try {
        await classifier.current?.setThreads(count);
        rememberThreads(count);
        change({ switching: false });
      } catch (thrown) {
        change({ threads: threadsBefore, switching: false, error: thrown as ResNetError });
      }
    },
    [threadsBefore, change],
  );
  const clearCache = useCallback(async () => {
    try {
      await classifier.current?.clearCachedWeights();
    } catch (thrown) {
      change({ error: thrown as ResNetError });
    }
    void countCache();
  }, [change, countCache]);
  const cancel = useCallback(() => download.current?.abort(), []);
  const dismissError = useCallback(() => change({ error: null }), [change]);
  const shown = loaded.current ?? wanted.current;
  return {
    ...state,
    shown,
    isDefault: shown.source === DEFAULT,
    classifier,
    open,
    retry,
    allowDownload,
    choose,
    describe,
    setDevice,
    setThreads,
    clearCache,
    cancel,
    dismissError,
  };
}
