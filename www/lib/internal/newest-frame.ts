/** What {@link newestFrameWins} works with. */
export interface LoopParts<Frame, Result> {
  /** Looks at a frame. */
  look: (frame: Frame) => Promise<Result>;
  /** Hears what a frame shows. */
  onResult: (result: Result, frame: Frame) => void;
  /** Called when a frame could not be classified. Returns whether to go on with the next. */
  onFault: (thrown: unknown) => boolean;
  /** Called when a frame is not needed any more: it was looked at, or a newer one came. */
  onDone?: (frame: Frame) => void;
}

/** Frames on their way in. */
export interface Loop<Frame> {
  /** A new frame is there: from now on it is the current one. */
  frame: (frame: Frame) => void;
  /** No more frames are classified, and the result of the one under way is dropped. */
  stop: () => void;
  /** Waits until the newest frame has been looked at. */
  idle: () => Promise<void>;
}

/**
 * Looks at one frame after the other, one at a time. Frames that come meanwhile are not kept: when a look ends, the newest
 * of them is next, at once; where there is none, the next to come.
 */
export function newestFrameWins<Frame, Result>({
  look,
  onResult,
  onFault,
  onDone = () => {},
}: LoopParts<Frame, Result>): Loop<Frame> {
  let newest: { frame: Frame } | undefined;
  let isLooking = false;
  let underWay = Promise.resolve();
  let isStopped = false;

  const drop = () => {
    if (newest) onDone(newest.frame);
    newest = undefined;
  };
  const run = async () => {
    isLooking = true;
    try {
      while (newest && !isStopped) {
        const { frame } = newest;
        newest = undefined;
        try {
          const result = await look(frame);
          if (!isStopped) onResult(result, frame);
        } catch (thrown) {
          if (!isStopped && !onFault(thrown)) isStopped = true;
        } finally {
          onDone(frame);
        }
      }
    } finally {
      isLooking = false;
      drop();
    }
  };
  return {
    frame: (frame) => {
      drop();
      newest = { frame };
      if (isStopped) drop();
      else if (!isLooking) underWay = run();
    },
    stop: () => {
      isStopped = true;
      drop();
    },
    idle: () => underWay,
  };
}
