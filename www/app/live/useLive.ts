import { useEffect, useRef, useState } from "preact/hooks";
import type {
  Classifier,
  EvidenceFor,
  ImageClassification,
  LoadedModel,
  Prediction,
  ResNetError,
  StreamFrame,
} from "resnet-web";
import type { Where } from "../store/camera";
import type { Activation } from "../store/evidence";
import type { ActivationFeed } from "./feed";
import { Pace, type Reading } from "./pace";
import { type Smoothed, smoothed } from "./smoothing";
import { type Steadiness, steady } from "./steady";

/** What the newest frame shows. */
export interface View {
  /** The id of the model. */
  model: number;
  /** The most probable classes first. */
  predictions: Prediction[];
  /** The class that was first long enough to be announced; null until there is one. */
  announced: Prediction | null;
}

/** How many classes a frame names. One that it does not name has less than a hundredth, and counts as nothing. */
const NAMED = 100;
/** How many of them are shown. */
const SHOWN = 5;
/** What is that many milliseconds old weighs 1/e in the bars: calm, and yet quick enough to follow a hand. */
const TIME_CONSTANT = 400;

/** How frames are classified. It may change from one to the next. */
interface LiveOptions {
  /** Whether probabilities are averaged over time. */
  smooth: boolean;
  /** The class whose evidence is computed with each frame. */
  where: Where;
  /** Called with the reason why there is nothing more to see. */
  onFault: (error: ResNetError) => void;
}

/**
 * Classifies what a video shows, frame after frame, as long as there are a video and a model.
 *
 * @param feed brings the evidence to the component that draws it
 */
export function useLive(
  video: HTMLVideoElement | null,
  classifier: Classifier,
  model: LoadedModel | null,
  feed: ActivationFeed,
  options: LiveOptions,
): { view: View | null; reading: Reading | null } {
  const [view, setView] = useState<View | null>(null);
  const [reading, setReading] = useState<Reading | null>(null);
  // The loop goes on, whatever is chosen meanwhile.
  const latest = useRef(options);
  latest.current = options;

  useEffect(() => {
    if (!video || !model) return;
    const pace = new Pace();
    let mean: Smoothed | null = null;
    let steadiness: Steadiness | null = null;
    let announced: Prediction | null = null;
    const over = new AbortController();
    const { signal } = over;

    const show = (result: ImageClassification, { capturedAt }: StreamFrame) => {
      // Another model is in use, which the page is about to show.
      if (result.model !== model.id) return;
      feed.show(activationOf(result, latest.current.where));
      const { top } = result;
      mean = smoothed(mean, top, capturedAt, TIME_CONSTANT);
      const predictions = (latest.current.smooth ? mean.predictions : top).slice(0, SHOWN);
      const [first] = predictions;
      if (!first) return;
      steadiness = steady(steadiness, first.index, performance.now());
      if (steadiness.announced === first.index && announced?.index !== first.index)
        announced = first;
      setView({ model: result.model, predictions, announced });
      requestAnimationFrame(() => {
        if (!signal.aborted) setReading(pace.shown(capturedAt, performance.now()));
      });
    };
    const fail = (error: ResNetError) => {
      // The camera stopped while a frame was read, which is reported elsewhere.
      if (!video.srcObject || signal.aborted) return;
      over.abort();
      latest.current.onFault(error);
    };
    classifier
      .classifyStream(video, show, {
        top: NAMED,
        evidence: () => wanted(latest.current, mean),
        onError: fail,
        signal,
      })
      .catch(fail);
    return () => {
      over.abort();
      setReading(null);
      feed.show(null);
    };
  }, [video, model, classifier, feed]);

  // Never what another model saw.
  return { view: view?.model === model?.id ? view : null, reading };
}

/** The class whose evidence is computed with the next frame. */
function wanted({ smooth, where }: LiveOptions, mean: Smoothed | null): EvidenceFor | undefined {
  if (where !== "first") return where?.index;
  // What the bars show first, which is calmer than what each frame does.
  return (smooth ? mean?.predictions[0]?.index : undefined) ?? "first";
}

/** The evidence in a frame, if it is still asked for. */
function activationOf(
  { evidence, top, width, height }: ImageClassification,
  where: Where,
): Activation | null {
  if (!evidence || where === null) return null;
  const named = top.find(({ index }) => index === evidence.classIndex);
  const pinned = where === "first" ? undefined : where;
  const { label } = named ?? pinned ?? {};
  return label === undefined ? null : { label, evidence, width, height };
}
