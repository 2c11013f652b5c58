import { type DeviceStatus, type ErrorCode, ResNetError } from "resnet-web";
import { expect, it } from "vitest";
import { strings } from "../strings";
import { type NoticeState, noticesOf } from "./notices";

const QUIET: NoticeState = {
  updateOffered: false,
  question: null,
  device: null,
  restartSeen: null,
  isolationFault: null,
  unused: null,
  fault: null,
  errors: { photo: null, live: null, model: null },
  outdated: false,
};

const error = (code: ErrorCode, message = "It broke.") => new ResNetError(code, message);
const device = (reason: DeviceStatus["reason"]) => ({ reason, detail: "it broke" }) as DeviceStatus;
const CRASHED = device("crashed");

/** A state of the page, and the kinds of its notices with the actions of each. */
const CASES: { what: string; state: Partial<NoticeState>; shows: Record<string, string> }[] = [
  { what: "nothing has happened", state: {}, shows: {} },
  {
    what: "a new version is ready",
    state: { updateOffered: true },
    shows: { update: "update, postpone-update" },
  },
  {
    what: "a link names weights of another server",
    state: { question: { address: "https://a.example/w", host: "a.example", bytes: 2e6 } },
    shows: { question: "allow-download, refuse-download" },
  },
  {
    what: "the code crashed and was started again",
    state: { device: CRASHED },
    shows: { restarted: "dismiss-restart" },
  },
  {
    what: "the GPU was lost and the CPU took over",
    state: { device: device("device-lost") },
    shows: { restarted: "dismiss-restart" },
  },
  { what: "the GPU was opened again", state: { device: device("webgpu-reopened") }, shows: {} },
  {
    what: "the person knows of the restart",
    state: { device: CRASHED, restartSeen: CRASHED },
    shows: {},
  },
  {
    what: "the code crashed again after the person knew of a restart",
    state: { device: device("crashed"), restartSeen: CRASHED },
    shows: { restarted: "dismiss-restart" },
  },
  {
    what: "the call that crashed failed, which the restart says already",
    state: { device: CRASHED, errors: { ...QUIET.errors, photo: error("runtime-crashed") } },
    shows: { restarted: "dismiss-restart" },
  },
  {
    what: "the code was given up after a restart",
    state: { device: CRASHED, errors: { ...QUIET.errors, live: error("runtime-given-up") } },
    shows: { error: "dismiss-live" },
  },
  {
    what: "the page could not be isolated",
    state: { isolationFault: "It stays." },
    shows: { isolation: "dismiss-isolation" },
  },
  {
    what: "some files are not used",
    state: { unused: "Not used: a." },
    shows: { unused: "dismiss-unused" },
  },
  { what: "there is no camera", state: { fault: "None." }, shows: { error: "dismiss-fault" } },
  {
    what: "the photo cannot be decoded",
    state: { errors: { ...QUIET.errors, photo: error("image-decode") } },
    shows: { error: "dismiss-photo" },
  },
  {
    what: "the person cancelled a load",
    state: { errors: { ...QUIET.errors, model: error("aborted") } },
    shows: {},
  },
  {
    what: "code did not arrive, and the server is asked for its version",
    state: { errors: { ...QUIET.errors, model: error("runtime-download") }, outdated: null },
    shows: {},
  },
  {
    what: "code did not arrive because the page is outdated",
    state: { errors: { ...QUIET.errors, model: error("runtime-download") }, outdated: true },
    shows: { outdated: "reload, dismiss-model" },
  },
  {
    what: "code did not arrive for another reason",
    state: { errors: { ...QUIET.errors, model: error("runtime-download") }, outdated: false },
    shows: { error: "dismiss-model" },
  },
  {
    what: "an error has nothing to do with the page's version",
    state: { errors: { ...QUIET.errors, model: error("weights-download") }, outdated: null },
    shows: { error: "dismiss-model" },
  },
];

it.each(CASES)("when $what", ({ state, shows }) => {
  const notices = noticesOf({ ...QUIET, ...state });
  const shown = notices.map(({ kind, actions }) => [
    kind,
    actions.map(({ action }) => action).join(", "),
  ]);
  expect(Object.fromEntries(shown)).toEqual(shows);
  expect(shown).toHaveLength(Object.keys(shows).length);
});

it("shows what the person can decide first, then what failed", () => {
  const everything: NoticeState = {
    updateOffered: true,
    question: { address: "https://a.example/w", host: "a.example", bytes: null },
    device: CRASHED,
    restartSeen: null,
    isolationFault: "It stays.",
    unused: "Not used: a.",
    fault: "None.",
    errors: {
      photo: error("image-decode"),
      live: error("image-withheld"),
      model: error("labels"),
    },
    outdated: true,
  };
  expect(noticesOf(everything).map(({ kind }) => kind)).toEqual([
    "update",
    "outdated",
    "question",
    "restarted",
    "isolation",
    "unused",
    "error",
    "error",
    "error",
  ]);
});

it("has its own words where the person can help, and otherwise the error's", () => {
  const { errors } = strings.notice;
  const state: NoticeState = {
    ...QUIET,
    errors: {
      photo: error("image-withheld", "In English."),
      live: null,
      model: error("weights-download", "404."),
    },
  };
  expect(noticesOf(state).map(({ message }) => message)).toEqual([
    errors["image-withheld"],
    "404.",
  ]);
});
