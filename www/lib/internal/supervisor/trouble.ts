import { ResNetError } from "../../../protocol/errors";
import { afterTrouble, type Trouble } from "./recovery";
import type { WorkerId } from "./state";
import { close, reopen, replace, type Turn } from "./turn";

/** The error's text for calls that were under way. */
const MESSAGES: Record<Trouble["code"], (message: string) => string> = {
  "runtime-crashed": (message) =>
    `The code that runs the network stopped unexpectedly (${message}). It was started again on the CPU: try again.`,
  "device-lost": (message) => `${message} Another one, or the CPU, takes its place: try again.`,
  "device-failed": (message) => `${message} The CPU has taken over: try again.`,
};

/** Replaces a worker that is in trouble, with the same model unless that is to blame. A worker that is not in use is closed. */
export function onTrouble(turn: Turn, worker: WorkerId, trouble: Trouble) {
  const { now } = turn;
  const { code, message, model } = trouble;
  const error = new ResNetError(code, MESSAGES[code](message));
  if (worker !== now.worker) {
    if (model !== undefined && model !== now.request?.load.id) blame(turn, model, message);
    return close(turn, worker, error);
  }
  const { to, counts, culprit } = afterTrouble(trouble, {
    device: now.device?.kind,
    model: now.request?.load.id,
    isProven: now.isProven,
    isSecondGpu: now.secondGpu === worker,
    restarts: now.restarts,
  });
  if (counts) now.restarts += 1;
  if (to === "nowhere") {
    const times = `${now.restarts} times (${message})`;
    const over = `The code that runs the network stopped unexpectedly ${times}. Reload the page.`;
    return end(turn, new ResNetError("runtime-given-up", over));
  }
  if (culprit !== undefined) blame(turn, culprit, message);
  if (to === "same") return reopen(turn, error);
  if (to === "chosen") {
    replace(turn, error, { by: "policy", policy: now.policy, lost: message });
    now.secondGpu = now.worker;
    return;
  }
  const reason = code === "runtime-crashed" ? "crashed" : code;
  replace(turn, error, { by: "cpu", reason, detail: message });
  now.secondGpu = undefined;
}

/** Ends every worker, and rejects everything that waits. Nothing is started any more. */
export function end(turn: Turn, error: ResNetError) {
  const { now, effects } = turn;
  now.ended = error;
  for (const worker of [...now.running.keys(), ...now.retiring]) close(turn, worker, error);
  effects.push({ do: "clear timers" });
  for (const { call } of now.calls) effects.push({ do: "reject call", call, error });
  if (now.load) effects.push({ do: "reject load", load: now.load.request.load.id, error });
  if (now.change) effects.push({ do: "reject call", call: now.change.call, error });
  now.calls = [];
  now.drops = [];
  now.load = undefined;
  now.change = undefined;
  now.race = undefined;
  now.recovery = undefined;
}

/** Notes that a model has crashed the code. If it is the one in use, the previous one replaces it. */
function blame({ now, effects }: Turn, model: number, message: string) {
  const error = new ResNetError(
    "model-crashed",
    `The code that runs the network stopped unexpectedly with this model (${message}). The model may be too large for this device. It is not loaded again by itself: load another one, or try again.`,
  );
  now.culprits = new Map(now.culprits).set(model, error);
  if (model !== now.request?.load.id) return;
  now.request = now.previous;
  now.previous = undefined;
  now.model = undefined;
  now.isProven = false;
  effects.push({ do: "report model crash", error });
}
