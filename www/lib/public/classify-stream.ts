import { watchFrames } from "../../images/frames";
import type { Global } from "../../images/global";
import { ResNetError, toResNetError } from "../../protocol/errors";
import type { EvidenceFor, ImageClassification } from "../../protocol/types";
import { endIteration } from "../internal/iteration";
import { newestFrameWins } from "../internal/newest-frame";
import type { ClassifyOptions } from "./classifier";
import type { ImageInput } from "./image-input";

/**
 * What can be followed frame by frame.
 *
 * - A `<video>`, playing or not: each frame that it shows, until it has ended.
 * - A `MediaStream`, such as a camera's: it is played in a video out of view, until its tracks have ended. They remain the
 *   caller's, who stops them.
 * - Images one after the other, as a `ReadableStream` of a `MediaStreamTrackProcessor` has them; in a worker, too. A
 *   `VideoFrame` or `ImageBitmap` among them is closed when it has been classified or skipped.
 */
export type FrameSource =
  | Global<"HTMLVideoElement">
  | Global<"MediaStream">
  | AsyncIterable<ImageInput>;

/** How frames are classified: {@link Classifier.classifyStream}. */
export interface StreamOptions extends Omit<ClassifyOptions, "evidence"> {
  /** The class whose evidence to return with each frame; or a function that says so, called for each frame. */
  evidence?: EvidenceFor | (() => EvidenceFor | undefined);
  /**
   * Called when a frame could not be classified; the next one is tried. If it is left out, the stream ends with the first
   * error. It always ends when the classifier is disposed of, or cannot go on (`runtime-given-up`).
   */
  onError?: (error: ResNetError) => void;
}

/** A frame, beside what it shows. */
export interface StreamFrame {
  /**
   * When it was captured, where the browser knows, otherwise when it was shown or came: in milliseconds, as
   * `performance.now()`.
   */
  capturedAt: number;
}

/** What became of a stream's frames. */
export interface StreamCounts {
  /** Frames that came. */
  frames: number;
  /** Frames with a result. */
  classified: number;
  /** Frames that could not be classified. */
  failed: number;
}

/** Codes after which no frame can be classified. */
const FINAL = ["aborted", "runtime-given-up"];

interface Frame extends StreamFrame {
  image: ImageInput;
}

/** Listens to a source. Returns what ends that. */
type Watch = (onFrame: (frame: Frame) => void, onEnd: () => void, onFault: Fault) => () => void;
type Fault = (thrown: unknown) => void;

/**
 * What {@link Classifier.classifyStream} does, with `classify` for each frame.
 *
 * @param over is aborted when the classifier is disposed of, with the error as its reason
 */
export function classifyFrames(
  classify: (image: ImageInput, options: ClassifyOptions) => Promise<ImageClassification>,
  source: FrameSource,
  onResult: (result: ImageClassification, frame: StreamFrame) => void,
  { signal, evidence, onError, ...options }: StreamOptions,
  over: AbortSignal,
): Promise<StreamCounts> {
  const counts: StreamCounts = { frames: 0, classified: 0, failed: 0 };
  return new Promise((resolve, reject) => {
    let unwatch = () => {};
    const settle = (outcome: () => void) => {
      unwatch();
      loop.stop();
      signal?.removeEventListener("abort", stop);
      over.removeEventListener("abort", fail);
      outcome();
    };
    const stop = () => settle(() => resolve(counts));
    const fail = () => settle(() => reject(over.reason));

    /** Calls a listener. What it throws ends the stream. */
    const tell = (listener: () => void) => {
      try {
        listener();
      } catch (thrown) {
        settle(() => reject(thrown));
      }
    };

    const loop = newestFrameWins<Frame, ImageClassification>({
      look: async ({ image }) => {
        const whose = typeof evidence === "function" ? evidence() : evidence;
        return classify(image, {
          ...options,
          ...(whose !== undefined && { evidence: whose }),
          ...(signal && { signal }),
        });
      },
      onResult: (result, { capturedAt }) => {
        counts.classified += 1;
        tell(() => onResult(result, { capturedAt }));
      },
      onFault: (thrown) => {
        const error = toResNetError(thrown);
        counts.failed += 1;
        if (!onError || FINAL.includes(error.code)) settle(() => reject(error));
        else tell(() => onError(error));
        return true;
      },
      onDone: ({ image }) => {
        if (Symbol.asyncIterator in source) close(image);
      },
    });
    if (signal?.aborted) return stop();
    if (over.aborted) return fail();
    signal?.addEventListener("abort", stop, { once: true });
    over.addEventListener("abort", fail, { once: true });
    const end = async () => {
      await loop.idle();
      stop();
    };
    unwatch = watchOf(source)(
      (frame) => {
        counts.frames += 1;
        loop.frame(frame);
      },
      () => void end(),
      (thrown) => settle(() => reject(toResNetError(thrown))),
    );
  });
}

/** Frees a `VideoFrame` or an `ImageBitmap`. */
function close(image: ImageInput): void {
  if (typeof image === "object" && "close" in image) image.close();
}

function watchOf(source: FrameSource): Watch {
  if (Symbol.asyncIterator in source) return watchImages(source);
  return "srcObject" in source ? watchVideo(source) : watchMedia(source);
}

function watchVideo(video: HTMLVideoElement): Watch {
  return (onFrame, onEnd) => {
    const frame = (capturedAt: number) => onFrame({ image: video, capturedAt });
    // What it shows already: a video that is paused shows no other frame.
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) frame(performance.now());
    const unwatch = watchFrames(video, frame);
    video.addEventListener("ended", onEnd);
    if (video.ended) onEnd();
    return () => {
      unwatch();
      video.removeEventListener("ended", onEnd);
    };
  };
}

function watchMedia(stream: MediaStream): Watch {
  return (onFrame, onEnd, onFault) => {
    if (stream.getVideoTracks().length === 0) {
      onFault(
        new ResNetError(
          "image-decode",
          "The MediaStream has no video track. Ask getUserMedia for { video: true }.",
        ),
      );
      return () => {};
    }
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    const unwatch = watchVideo(video)(onFrame, onEnd, onFault);
    // Chromium's video does not end where the page itself stops the tracks.
    stream.addEventListener("inactive", onEnd);
    video.play().catch(onFault);
    return () => {
      unwatch();
      stream.removeEventListener("inactive", onEnd);
      video.srcObject = null;
    };
  };
}

function watchImages(images: AsyncIterable<ImageInput>): Watch {
  return (onFrame, onEnd, onFault) => {
    const iterator = images[Symbol.asyncIterator]();
    let isOver = false;
    const follow = async () => {
      while (!isOver) {
        const { value: image, done } = await iterator.next();
        if (done) return onEnd();
        // One that was on its way when the stream ended.
        if (isOver) close(image);
        else onFrame({ image, capturedAt: performance.now() });
      }
    };
    follow().catch(onFault);
    return () => {
      isOver = true;
      endIteration(iterator);
    };
  };
}
