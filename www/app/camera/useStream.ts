import type { RefObject } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { watchFrames } from "resnet-web";
import { strings } from "../strings";
import { type CameraChoice, constraintsOf, fallback, firstChoice, rememberCamera } from "./choice";
import { cameraFault } from "./fault";
import { watchInterruption } from "./interruption";
import { useVisible } from "./useVisible";

const text = strings.camera;

/** Where the camera stands. */
export interface StreamState {
  /** `paused`: off, as long as the page is out of view. `interrupted`: on, but its video does not change. */
  status: "starting" | "running" | "paused" | "interrupted";
  /** What the camera says of itself; null until the first one runs. */
  settings: MediaTrackSettings | null;
  /** All cameras that the browser lists. */
  cameras: MediaDeviceInfo[];
  /** What the person should know beside. */
  note: string | null;
}

interface StreamOptions {
  /** Called with the video element when it shows the camera, and with null when it no longer does. */
  onVideo: (video: HTMLVideoElement | null) => void;
  /** Called with the reason why there is no video. */
  onFault: (message: string) => void;
}

/**
 * Shows a camera in a video, as long as this is in use and the page in view. One camera is on at most: the one before is
 * off before the next is asked for.
 */
export function useStream(video: RefObject<HTMLVideoElement | null>, options: StreamOptions) {
  const [state, setState] = useState<StreamState>({
    status: "starting",
    settings: null,
    cameras: [],
    note: null,
  });
  const change = useCallback(
    (part: Partial<StreamState>) => setState((before) => ({ ...before, ...part })),
    [],
  );
  const [choice, setChoice] = useState<CameraChoice>(firstChoice);
  /** Whether the person chose, so that the camera is to be remembered. */
  const chosen = useRef(false);
  const paused = useRef(false);
  const visible = useVisible();
  // The camera is asked for once, whatever becomes of the callbacks meanwhile.
  const callbacks = useRef(options);
  callbacks.current = options;
  /** Cameras are opened one after the other: many phones cannot have two on. */
  const turn = useRef(Promise.resolve());

  useEffect(() => {
    if (!visible) {
      paused.current = true;
      change({ status: "paused", note: null });
      return;
    }
    // Looked up here: when the camera is left, it is gone before this is cleaned up.
    const element = video.current;
    if (!element) return;
    let stream: MediaStream | undefined;
    let gone = false;
    let isPlaying = false;
    let isInterrupted = false;
    let unwatch = () => {};
    const show = () => {
      if (gone) return;
      const status = isInterrupted ? "interrupted" : isPlaying ? "running" : "starting";
      change({ status });
      callbacks.current.onVideo(status === "running" ? element : null);
    };
    const interrupt = (interrupted: boolean) => {
      isInterrupted = interrupted;
      // A telephone stops the video for a call, too.
      if (isPlaying && !interrupted) element.play().catch(() => {});
      show();
    };
    const stop = () => {
      gone = true;
      unwatch();
      for (const track of stream?.getTracks() ?? []) track.stop();
      element.srcObject = null;
      callbacks.current.onVideo(null);
    };
    const fail = (message: string) => {
      if (gone) return;
      stop();
      callbacks.current.onFault(message);
    };
    const start = async () => {
      if (gone) return;
      try {
        const opened = await open(choice, () => !gone);
        stream = opened.stream;
        const [track] = stream.getVideoTracks();
        if (gone || !track) return stop();
        track.addEventListener("ended", () => fail(text.errors.ended));
        element.srcObject = stream;
        unwatch = watchInterruption(track, (onFrame) => watchFrames(element, onFrame), interrupt);
        await element.play();
        const list = await cameras();
        if (gone) return;
        const settings = track.getSettings();
        // One that is gone is still the one that was chosen: it may come back.
        const isChosen = chosen.current && !opened.isOther;
        if (isChosen && settings.deviceId) rememberCamera(settings.deviceId);
        const note = opened.isOther ? text.other : paused.current ? text.resumed : null;
        paused.current = false;
        isPlaying = true;
        change({ settings, note, cameras: list });
        show();
      } catch (thrown) {
        fail(cameraFault(thrown));
      }
    };
    change({ status: "starting", note: null });
    turn.current = turn.current.then(start);
    return stop;
  }, [choice, visible, video, change]);

  useEffect(() => {
    const list = async () => change({ cameras: await cameras() });
    navigator.mediaDevices?.addEventListener("devicechange", list);
    return () => navigator.mediaDevices?.removeEventListener("devicechange", list);
  }, [change]);

  const choose = useCallback((wanted: CameraChoice) => {
    chosen.current = true;
    setChoice(wanted);
  }, []);
  return { ...state, choose };
}

/** Opens the camera that is wanted, or any if that one is gone. */
async function open(
  choice: CameraChoice,
  isWanted: () => boolean,
): Promise<{ stream: MediaStream; isOther: boolean }> {
  // Browsers hide the cameras from pages that came without HTTPS.
  if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
  const ask = (wanted: CameraChoice) =>
    navigator.mediaDevices.getUserMedia({ video: constraintsOf(wanted) });
  try {
    return { stream: await ask(choice), isOther: false };
  } catch (thrown) {
    const next = fallback(choice, thrown);
    if (!next || !isWanted()) throw await reasonOf(thrown);
    return { stream: await ask(next), isOther: true };
  }
}

/** Why a camera was not opened: where there is none, WebKit says that none fits. */
async function reasonOf(thrown: unknown): Promise<unknown> {
  if ((thrown as Error | null)?.name !== "OverconstrainedError") return thrown;
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => null);
  const isNone = devices?.every(({ kind }) => kind !== "videoinput");
  return isNone ? new DOMException("", "NotFoundError") : thrown;
}

/** The cameras, which browsers name once the page may use one. */
async function cameras(): Promise<MediaDeviceInfo[]> {
  // Not telling is no fault: the camera that runs goes on.
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  return devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId !== "");
}
