import { signal } from "@preact/signals";
import type { ResNetError } from "resnet-web";
import { expect, it } from "vitest";
import type { Photo } from "./photo";
import { createSource } from "./source";

function setUp() {
  const shown: string[] = [];
  const camera = { on: signal(true), error: signal<ResNetError | null>(null) };
  const model = { open: async () => true, describe: async () => {} };
  const store = createSource(model, { show: ({ name }: Photo) => shown.push(name) }, camera);
  store.fail("There was no camera.");
  return { store, camera, shown };
}

const png = (name: string) =>
  new File([Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])], name);

type Outcome = { camera: boolean; fault: string | null; shown: string[]; many: number };
const NONE: Outcome = { camera: false, fault: null, shown: [], many: 0 };

/** An action while the camera is on and a fault is shown, and what the page shows then. */
const CASES: {
  what: string;
  act: (store: ReturnType<typeof setUp>["store"]) => unknown;
  outcome: Partial<Outcome>;
}[] = [
  {
    what: "a photo takes the camera's place",
    act: (store) => store.show({ blob: new Blob(), name: "cat" }),
    outcome: { shown: ["cat"] },
  },
  {
    what: "a file that is a photo does",
    act: (store) => store.takeFiles([png("cup.png")]),
    outcome: { shown: ["cup.png"] },
  },
  {
    what: "several photos are a gallery",
    act: (store) => store.takeFiles([png("a.png"), png("b.png")]),
    outcome: { many: 2 },
  },
  { what: "the camera is switched off", act: (store) => store.switchCamera(false), outcome: {} },
  {
    what: "the camera stops and says why",
    act: (store) => store.endCamera("It was unplugged."),
    outcome: { fault: "It was unplugged." },
  },
  {
    what: "a notice is dismissed, and the camera goes on",
    act: (store) => store.dismissFault(),
    outcome: { camera: true },
  },
];

it.each(CASES)("$what", async ({ act, outcome }) => {
  const { store, camera, shown } = setUp();
  await act(store);
  expect({
    camera: camera.on.value,
    fault: store.fault.value,
    shown,
    many: store.many.value?.length ?? 0,
  }).toEqual({ ...NONE, ...outcome });
});

type Store = ReturnType<typeof setUp>["store"];

/** What is chosen while a sample is under way, and what the page shows when that has come. */
const LATER: { what: string; act: (store: Store) => unknown; shown: string[]; camera: boolean }[] =
  [
    { what: "nothing", act: () => {}, shown: ["late"], camera: false },
    {
      what: "a photo",
      act: (store) => store.show({ blob: new Blob(), name: "cat" }),
      shown: ["cat"],
      camera: false,
    },
    {
      what: "a file",
      act: (store) => store.takeFiles([png("cup.png")]),
      shown: ["cup.png"],
      camera: false,
    },
    {
      what: "another sample",
      act: (store) => store.showWhenHere(Promise.resolve({ blob: new Blob(), name: "cup" })),
      shown: ["cup"],
      camera: false,
    },
    { what: "the camera", act: (store) => store.switchCamera(true), shown: [], camera: true },
  ];
it.each(LATER)("a sample that comes after $what was chosen", async ({ act, shown, camera }) => {
  const set = setUp();
  let come = (_: Photo) => {};
  const late = set.store.showWhenHere(new Promise((resolve) => (come = resolve)));
  await act(set.store);
  come({ blob: new Blob(), name: "late" });
  await late;
  expect({ shown: set.shown, camera: set.camera.on.value }).toEqual({ shown, camera });
});

it.each([
  ["is the last choice", () => {}, "late: 404"],
  ["is overtaken", (store: Store) => store.switchCamera(true), null],
] as const)("a sample that %s and does not come", async (_, act, fault) => {
  const { store } = setUp();
  let fail = (_: Error) => {};
  const late = store.showWhenHere(new Promise((_, reject) => (fail = reject)));
  act(store);
  fail(new Error("late: 404"));
  await late;
  expect(store.fault.value ?? null).toBe(fault);
});
