import type { DeviceStatus, ResNetError } from "resnet-web";
import { megabytes } from "../format";
import type { Question } from "../model/consent";
import { isPartial } from "../offline/partial";
import { raisesDoubt } from "../outdated/check";
import { strings } from "../strings";
import { worded } from "../worded";

const text = strings.notice;

/** What the person should know or decide now, with the actions that are offered. */
export interface Notice<Action extends string = NoticeAction> {
  /** Decides how it looks, and how it is announced. */
  kind: "update" | "outdated" | "question" | "restarted" | "isolation" | "unused" | "error";
  title: string;
  message: string;
  actions: readonly { label: string; action: Action }[];
}

/** What can fail for a reason that the page shows. */
export type Failing = "photo" | "live" | "model";

/** What the page's notices can do. */
export type NoticeAction =
  | "update"
  | "postpone-update"
  | "reload"
  | "allow-download"
  | "refuse-download"
  | "dismiss-restart"
  | "dismiss-isolation"
  | "dismiss-unused"
  | "dismiss-fault"
  | `dismiss-${Failing}`;

/** What the notices are derived from. */
export interface NoticeState {
  /** Whether a new version of the page is ready. */
  updateOffered: boolean;
  /** Weights of another server that are about to be downloaded. */
  question: Question | null;
  device: DeviceStatus | null;
  /** The device about whose restart the person knows. */
  restartSeen: DeviceStatus | null;
  /** Why the page is not isolated, after it was tried. */
  isolationFault: string | null;
  /** Which files of those that came last are not used. */
  unused: string | null;
  /** Why there is no photo. */
  fault: string | null;
  errors: Record<Failing, ResNetError | null>;
  /** Whether the server has another version of the page; null while that is not known. */
  outdated: boolean | null;
}

/** The order in which errors are shown. */
const ORDER: readonly Failing[] = ["photo", "live", "model"];

/** The page's notices in the order in which they are shown. */
export function noticesOf(state: NoticeState): Notice[] {
  const { updateOffered, question, isolationFault, unused, fault, errors, outdated } = state;
  const notices: Notice[] = [];
  if (updateOffered) notices.push(updateNotice());
  const doubtful = doubtfulOf(errors);
  if (doubtful && outdated) notices.push(outdatedNotice(`dismiss-${doubtful}`));
  if (question) notices.push(questionNotice(question));
  const restart = restartOf(state);
  if (restart) notices.push(dismissable("restarted", restartMessage(restart), "dismiss-restart"));
  if (isolationFault) {
    notices.push(dismissable("isolation", isolationFault, "dismiss-isolation"));
  }
  if (unused) notices.push(dismissable("unused", unused, "dismiss-unused"));
  if (fault) notices.push(dismissable("error", fault, "dismiss-fault"));
  for (const failing of ORDER) {
    const error = errors[failing];
    if (!error || error.code === "aborted") continue;
    // Until it is known whether the page is outdated, there is nothing to say.
    if (raisesDoubt(error) && outdated !== false) continue;
    // The notice of the restart says it already.
    if (restart && (error.code === "runtime-crashed" || error.code === "device-lost")) continue;
    notices.push(dismissable("error", worded(error), `dismiss-${failing}`));
  }
  return notices;
}

/** The first error that a new version on the server may have caused. */
export function doubtfulOf(errors: NoticeState["errors"]): Failing | null {
  return ORDER.find((failing) => raisesDoubt(errors[failing])) ?? null;
}

/** Says that the server has another version of the page, and offers to load it. */
export function outdatedNotice<Dismiss extends string>(
  dismiss: Dismiss,
): Notice<Dismiss | "reload"> {
  return {
    kind: "outdated",
    title: text.headings.outdated,
    message: text.outdated,
    actions: [
      { label: text.reload, action: "reload" },
      { label: text.dismiss, action: dismiss },
    ],
  };
}

function updateNotice(): Notice {
  const { faster, update, updateHint, updateNow, later } = strings.offline;
  return {
    kind: "update",
    title: isPartial ? faster : update,
    message: updateHint,
    actions: [
      { label: updateNow, action: "update" },
      { label: later, action: "postpone-update" },
    ],
  };
}

/** Asks whether weights may be downloaded from another server. */
function questionNotice({ host, bytes }: Question): Notice {
  const { title, explanation, allow, refuse } = strings.model.question;
  return {
    kind: "question",
    title: title(host),
    message: explanation(bytes === null ? null : megabytes(bytes)),
    actions: [
      { label: allow, action: "allow-download" },
      { label: refuse, action: "refuse-download" },
    ],
  };
}

function dismissable(
  kind: keyof typeof text.headings,
  message: string,
  action: NoticeAction,
): Notice {
  const actions = [{ label: text.dismiss, action }];
  return { kind, title: text.headings[kind], message, actions };
}

/** The device that replaced a crashed or lost one, if the person does not know of it and the page goes on with it. */
function restartOf({ device, restartSeen, errors }: NoticeState): DeviceStatus | null {
  const isReplacement = device?.reason === "crashed" || device?.reason === "device-lost";
  const isGivenUp = ORDER.some((failing) => errors[failing]?.code === "runtime-given-up");
  return isReplacement && device !== restartSeen && !isGivenUp ? device : null;
}

function restartMessage({ reason, detail = "" }: DeviceStatus): string {
  return reason === "crashed" ? text.restarted(detail) : text.deviceLost(detail);
}
