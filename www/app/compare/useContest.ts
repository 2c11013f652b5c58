import { useEffect, useState } from "preact/hooks";
import {
  Classifier,
  type DeviceStatus,
  type ImageClassification,
  type LoadedModel,
  type ResNetError,
} from "resnet-web";
import { hasNewVersion, raisesDoubt } from "../outdated/check";
import { fileOf, type Photo } from "../store/photo";
import type { Contender } from "./contest";

/** More classes than any model has. */
const ALL = 1e6;

/** Where the other classifier stands. */
export interface ContestState {
  device: DeviceStatus | null;
  model: LoadedModel | null;
  result: ImageClassification | null;
  error: ResNetError | null;
  /** Whether the error comes of a version of the page that its server no longer has. */
  outdated: boolean;
}

const NOTHING: ContestState = {
  device: null,
  model: null,
  result: null,
  error: null,
  outdated: false,
};

/** What an error changes. */
async function failed(error: ResNetError): Promise<Partial<ContestState>> {
  return { error, outdated: raisesDoubt(error) && (await hasNewVersion()) };
}

/**
 * A second classifier, which lives as long as it is compared with, and what it makes of the photo.
 *
 * @param own the page's classifier, whose weight files it shares
 */
export function useContest(
  contender: Contender,
  photo: Photo | null,
  own: Classifier,
): ContestState {
  const [state, setState] = useState<ContestState>(NOTHING);
  const [classifier, setClassifier] = useState<Classifier | null>(null);

  useEffect(() => {
    let current = true;
    const change = (part: Partial<ContestState>) => {
      if (current) setState((before) => ({ ...before, ...part }));
    };
    setState(NOTHING);
    const { device, weights, options } = contender;
    const other = new Classifier({
      device,
      sharesFilesWith: own,
      onDevice: (status) => change({ device: status }),
      onModelCrash: (error) => {
        change({ model: null });
        void failed(error).then(change);
      },
    });
    other.load(weights, options).then(
      (model) => {
        change({ model });
        if (current) setClassifier(other);
      },
      (error: ResNetError) => void failed(error).then(change),
    );
    return () => {
      current = false;
      setClassifier(null);
      other.dispose();
    };
  }, [contender, own]);

  useEffect(() => {
    if (!classifier || !photo) return;
    const over = new AbortController();
    const { signal } = over;
    const file = fileOf(photo);
    const change = (part: Partial<ContestState>) => {
      if (!signal.aborted) setState((before) => ({ ...before, ...part }));
    };
    setState((before) => ({ ...before, result: null }));
    // The first run warms up, so that the times of both are those of an ordinary run.
    classifier
      .classify(file, { top: 1, signal })
      .then(() => classifier.classify(file, { top: ALL, signal }))
      .then(
        (result) => change({ result, error: null, outdated: false }),
        (error: ResNetError) => void failed(error).then(change),
      );
    return () => over.abort();
  }, [classifier, photo]);

  return state;
}
