import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Classifier, LoadedModel, Prediction, ResNetError } from "../../lib";
import { watchFrames } from "./frames";
import { newestFrameWins } from "./loop";
import { Pace, type Reading } from "./pace";
import { type Smoothed, smoothed } from "./smoothing";
import { type Steadiness, steady } from "./steady";

/** What the newest frame shows. */
export interface View {
  /** The most probable classes first. */
  predictions: Prediction[];
  /** The class that was first long enough to be told of; null until there is one. */
  told: Prediction | null;
}

/** How many classes a frame names. One that it does not name has less than a hundredth, and counts as nothing. */
const NAMED = 100;
/** How many of them are shown. */
const SHOWN = 5;
/** What is that many milliseconds old weighs 1/e in the bars: calm, and yet quick enough to follow a hand. */
const TIME_CONSTANT = 400;

/** Faults that the classifier gets over by itself: the next frame runs on the code that has been started again. */
const PASSING: readonly string[] = [
  "runtime-crashed",
  "device-failed",
] satisfies ResNetError["code"][];

/**
 * Classifies what a video shows, frame after frame, as long as there are a video and a model.
 *
 * @param smooth whether probabilities are averaged over time
 * @param onFault hears why there is nothing more to see
 */
export function useLive(
  video: HTMLVideoElement | null,
  classifier: RefObject<Classifier | null>,
  model: LoadedModel | null,
  smooth: boolean,
  onFault: (error: ResNetError) => void,
): { view: View | null; reading: Reading | null } {
  const [view, setView] = useState<View | null>(null);
  const [reading, setReading] = useState<Reading | null>(null);
  // The loop goes on, whatever is chosen meanwhile.
  const latest = useRef({ smooth, onFault });
  latest.current = { smooth, onFault };

  useEffect(() => {
    const current = classifier.current;
    if (!video || !model || !current) return;
    const pace = new Pace();
    let mean: Smoothed | null = null;
    let steadiness: Steadiness | null = null;
    let told: Prediction | null = null;
    let isOver = false;

    const loop = newestFrameWins({
      look: () => current.classify(video, { top: NAMED }),
      onResult: ({ top }, capturedAt) => {
        mean = smoothed(mean, top, capturedAt, TIME_CONSTANT);
        const predictions = (latest.current.smooth ? mean.predictions : top).slice(0, SHOWN);
        const [first] = predictions;
        if (!first) return;
        steadiness = steady(steadiness, first.index, performance.now());
        if (steadiness.told === first.index && told?.index !== first.index) told = first;
        setView({ predictions, told });
        requestAnimationFrame(() => {
          if (!isOver) setReading(pace.shown(capturedAt, performance.now()));
        });
      },
      onFault: (thrown) => {
        const error = thrown as ResNetError;
        if (PASSING.includes(error.code)) return true;
        latest.current.onFault(error);
        return false;
      },
    });
    const unwatch = watchFrames(video, loop.frame);
    return () => {
      isOver = true;
      unwatch();
      loop.stop();
      setReading(null);
    };
  }, [video, model, classifier]);

  return { view, reading };
}
