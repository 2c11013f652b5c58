/** What {@link newestFrameWins} works with. */
export interface LoopParts<Result> {
  /** Looks at the frame that is current now. */
  look: () => Promise<Result>;
  /** Hears what a frame shows, and when it was captured. */
  onResult: (result: Result, capturedAt: number) => void;
  /** Called when a frame could not be classified. Returns whether to go on with the next. */
  onFault: (thrown: unknown) => boolean;
}

/** Frames on their way in. */
export interface Loop {
  /** A new frame is there: from now on it is the current one. */
  frame: (capturedAt: number) => void;
  /** No more frames are classified, and the result of the one under way is dropped. */
  stop: () => void;
}

/**
 * Looks at one frame after the other, one at a time. Frames that come meanwhile are not kept: when a look ends, the newest
 * of them is next, at once; where there is none, the next to come.
 */
export function newestFrameWins<Result>({ look, onResult, onFault }: LoopParts<Result>): Loop {
  let newest: number | null = null;
  let isLooking = false;
  let isStopped = false;

  const run = async () => {
    if (isLooking) return;
    isLooking = true;
    while (newest !== null && !isStopped) {
      const capturedAt = newest;
      newest = null;
      try {
        const result = await look();
        if (!isStopped) onResult(result, capturedAt);
      } catch (thrown) {
        if (!isStopped && !onFault(thrown)) isStopped = true;
      }
    }
    isLooking = false;
  };

  return {
    frame: (capturedAt) => {
      newest = capturedAt;
      void run();
    },
    stop: () => {
      isStopped = true;
    },
  };
}
