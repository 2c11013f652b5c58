import { computed, signal } from "@preact/signals";
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
} from "resnet-web";
import { type ChangedChoices, changed } from "../model/choices";
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
  /** How many threads the CPU should use. */
  threads: ThreadCount;
  /** Whether the model is moving to another device or thread count. */
  switching: boolean;
  /** The model; null until one is loaded. */
  model: LoadedModel | null;
  /** How far the download is; null when there is none. */
  progress: Progress | null;
  /** What the person has to answer before weights are downloaded. */
  question: Question | null;
  /** Why there is no new model. */
  error: ResNetError | null;
  /** The weights that the browser keeps; null where it does not say. */
  cached: CachedWeights | null;
  /** What descriptions of the model ask for that is not supported. */
  unsupported: Description["unsupported"];
  /** What was asked for last. */
  wanted: Wanted;
  /** What the model was loaded from: differs from `wanted` after a failure. */
  loaded: Wanted | null;
}

/** A model that is asked for, or was. */
export interface Wanted {
  source: WeightSource;
  choices: WeightChoices;
  /** Files in which `source` has a part of its weights. */
  externalData?: readonly File[];
  labels?: LabelSource;
}

/** The address of the default weights. */
const DEFAULT: WeightSource = "./weights/manifest.json";

/** Makes a classifier: a test makes its own. */
export type MakeClassifier = (...options: ConstructorParameters<typeof Classifier>) => Classifier;

/** The page's classifier, its state, and the actions that give it other weights, labels, choices and devices. */
export type ModelStore = ReturnType<typeof createModel>;

/** Starts the classifier and loads the weights that the address names. */
export function createModel(
  settings: Settings,
  make: MakeClassifier = (options) => new Classifier(options),
) {
  const state = signal<ModelState>({
    device: null,
    notOpened: false,
    policy: settings.device,
    threads: settings.threads ?? rememberedThreads() ?? "auto",
    switching: false,
    model: null,
    progress: null,
    question: null,
    error: null,
    cached: null,
    unsupported: [],
    wanted: { source: settings.weights ?? DEFAULT, choices: settings.choices },
    loaded: null,
  });
  const change = (part: Partial<ModelState>) => {
    state.value = { ...state.peek(), ...part };
  };
  /** The newest load. */
  let download: AbortController | null = null;
  /** What models were loaded from, by id; the one in use is last. The previous one may come back after a crash. */
  let sources = new Map<number, Wanted>();

  const classifier = make({
    device: settings.device,
    threads: state.peek().threads,
    onDevice: (device) => change({ device }),
    onModel: (model) => {
      const source = sources.get(model.id);
      if (source) {
        sources.delete(model.id);
        sources.set(model.id, source);
      }
      change({ model, ...(source && { loaded: source }) });
    },
    onModelCrash: (error) => change({ model: null, loaded: null, error }),
    onProgress: (progress) => change({ progress }),
  });
  classifier.device.catch((error: ResNetError) => change({ error, notOpened: true }));

  async function countCache(): Promise<void> {
    // Some browsers do not say, which is no fault.
    const cached = await classifier.cachedWeights().catch(() => null);
    change({ cached });
  }

  async function load(wanted: Wanted): Promise<boolean> {
    download?.abort();
    const controller = new AbortController();
    download = controller;
    const progress = { loaded: 0, total: null, cached: false };
    change({ wanted, error: null, question: null, progress });
    const { source, choices, externalData, labels } = wanted;
    const options = {
      ...choices,
      ...(externalData && { externalData }),
      ...(labels !== undefined && { labels }),
    };
    try {
      const question = await questionBefore(source, document.baseURI, classifier);
      if (download !== controller) return false;
      if (controller.signal.aborted) throw new ResNetError("aborted", "Loading was cancelled.");
      if (question) {
        change({ question, progress: null });
        return false;
      }
      const model = await classifier.load(source, { ...options, signal: controller.signal });
      sources = new Map([...sources].slice(-1)).set(model.id, wanted);
      change({ model, loaded: wanted, progress: null });
      return true;
    } catch (thrown) {
      // A newer load has taken over and reports its own outcome.
      if (download === controller) change({ error: thrown as ResNetError, progress: null });
      return false;
    } finally {
      void countCache();
    }
  }

  /** What is being switched. */
  const switched = new Set<keyof ModelState>();

  /** A choice that takes its time: the newest one counts, and if it fails, the one in use is shown again. */
  function switchBy<Key extends "policy" | "threads">(
    key: Key,
    apply: (value: ModelState[Key]) => Promise<unknown>,
  ) {
    let used = state.peek()[key];
    let newest = 0;
    return async (value: ModelState[Key]): Promise<void> => {
      newest += 1;
      const own = newest;
      switched.add(key);
      change({ [key]: value, switching: true });
      let error: ResNetError | null = null;
      try {
        await apply(value);
        used = value;
      } catch (thrown) {
        error = thrown as ResNetError;
      }
      // A newer choice reports its own outcome.
      if (own !== newest) return;
      switched.delete(key);
      change({ [key]: used, switching: switched.size > 0, ...(error && { error }) });
    };
  }

  const shown = computed(() => state.value.loaded ?? state.value.wanted);
  void load(state.peek().wanted);

  return {
    state,
    classifier,
    /** The model; null until one is loaded. */
    model: computed(() => state.value.model),
    /** What the model on the page was loaded from, or is being loaded from. */
    shown,
    isDefault: computed(() => shown.value.source === DEFAULT),

    /** Loads a file or an address; null is the default. Returns whether it is in use then. */
    open(source: WeightSource | null, externalData: File[] = []): Promise<boolean> {
      change({ unsupported: [] });
      return load({ source: source ?? DEFAULT, choices: {}, externalData });
    },

    /** Loads again what was asked for last. */
    loadAgain: () => load(state.peek().wanted),

    /** Cancels the load. */
    cancel: () => download?.abort(),

    /** Downloads the weights that the question is about. */
    allowDownload() {
      const { question, wanted } = state.peek();
      if (!question) return;
      allow(question.address);
      void load(wanted);
    },

    /** Loads the model again with what its file does not say. */
    choose(changes: ChangedChoices) {
      const before = shown.peek();
      void load({ ...before, choices: changed(before.choices, changes) });
    },

    /** Reads files that describe the model: its labels, and the sizes and normalisation of its input. */
    async describe(files: readonly File[]) {
      try {
        const found = await describedBy(files, classifier);
        const labels = found.find((each) => each.labels.length > 0)?.labels;
        const chosen = chosenBy(found, classifier.model);
        const before = shown.peek();
        if (chosen) {
          // A network that another configuration asked for is forgotten.
          const { otherNetwork: _, ...choicesBefore } = before.choices;
          const choices = { ...choicesBefore, ...chosen };
          await load({ ...before, choices, ...(labels && { labels }) });
        } else if (labels) {
          const model = await classifier.setLabels(labels);
          const source = sources.get(model.id);
          const loaded = source && { ...source, labels };
          if (loaded) sources.set(model.id, loaded);
          change({ model, error: null, ...(loaded && { loaded }) });
        }
        change({ unsupported: found.flatMap(({ unsupported }) => unsupported) });
      } catch (thrown) {
        change({ error: thrown as ResNetError });
      }
    },

    /** Chooses the device. */
    setDevice: switchBy("policy", (policy: DevicePolicy) => classifier.setDevice(policy)),

    /** Chooses the number of the CPU's threads. */
    setThreads: switchBy("threads", async (threads: ThreadCount) => {
      await classifier.setThreads(threads);
      rememberThreads(threads);
    }),

    async clearCache() {
      try {
        await classifier.clearCachedWeights();
      } catch (thrown) {
        change({ error: thrown as ResNetError });
      }
      void countCache();
    },

    dismissError: () => change({ error: null }),
  };
}

/** What files say of a model. One that says nothing is an error only if it is the only one. */
async function describedBy(
  files: readonly File[],
  classifier: Pick<Classifier, "describe">,
): Promise<Description[]> {
  const read = await Promise.allSettled(files.map((file) => classifier.describe(file)));
  const found = read.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failed = read.find((each) => each.status === "rejected");
  if (found.length === 0 && failed) throw failed.reason;
  return found;
}

/** What descriptions of a model decide besides its labels; undefined where they decide nothing. */
function chosenBy(
  descriptions: readonly Description[],
  model: LoadedModel | undefined,
): WeightChoices | undefined {
  const all: WeightChoices = {};
  for (const { labels: _, unsupported: __, preprocessing, ...others } of descriptions) {
    Object.assign(all, others);
    if (preprocessing) all.preprocessing = { ...all.preprocessing, ...preprocessing };
  }
  if (Object.keys(all).length === 0) return undefined;
  // All of it, so that a link can carry it.
  const whole = { ...model?.info.preprocessing, ...all.preprocessing };
  return { ...all, ...(all.preprocessing && { preprocessing: whole }) };
}
