import { describe, expect, it } from "vitest";
import type { CrashNotice } from "../../protocol/messages";
import { Crashes, isTrap } from "./crashes";

/** The bytes of a module with one export, `run`, and what that does: so no assembler is needed. */
function wasm(...body: number[]): () => void {
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    // A type without parameters and results, a function of it, a memory of one page, the export.
    ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
    ...[0x03, 0x02, 0x01, 0x00],
    ...[0x05, 0x04, 0x01, 0x01, 0x01, 0x01],
    ...[0x07, 0x07, 0x01, 0x03, 0x72, 0x75, 0x6e, 0x00, 0x00],
    ...[0x0a, body.length + 4, 0x01, body.length + 2, 0x00, ...body, 0x0b],
  ];
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
  return instance.exports.run as () => void;
}

const ENDS = [
  { what: "unreachable code, as when memory runs out", run: wasm(0x00) },
  { what: "a read out of bounds", run: wasm(0x41, 0x7f, 0x28, 0x02, 0x00, 0x1a) },
  { what: "stack overflow", run: wasm(0x10, 0x00) },
  { what: "a division by zero", run: wasm(0x41, 0x01, 0x41, 0x00, 0x6d, 0x1a) },
];
const ERRORS = [
  new Error("recursive use of an object"),
  Object.assign(new Error("There are 9 labels."), { name: "ResNetError", code: "labels" }),
  new SyntaxError("Unexpected token"),
  new DOMException("cancelled", "AbortError"),
  "a text",
  null,
];

/** A module as wasm-bindgen makes them: functions, and a class with methods, getters and static functions. */
function module(run: () => unknown) {
  class Model {
    static open() {
      return run();
    }
    static async openLater() {
      return run();
    }
    get info() {
      return run();
    }
    classify() {
      return run();
    }
    async classifyLater() {
      return run();
    }
  }
  return { Model, call: run, version: 3 };
}

type Guarded = ReturnType<typeof module>;
const WAYS: Record<string, (guarded: Guarded) => unknown> = {
  "a function": ({ call }) => call(),
  "a method": ({ Model }) => new Model().classify(),
  "an asynchronous method": ({ Model }) => new Model().classifyLater(),
  "a getter": ({ Model }) => new Model().info,
  "a static function": ({ Model }) => Model.open(),
  "an asynchronous static function": ({ Model }) => Model.openLater(),
};

function guarded(run: () => unknown) {
  const notices: CrashNotice[] = [];
  const crashes = new Crashes((notice) => notices.push(notice));
  return { notices, crashes, guarded: crashes.guard(module(run)) };
}

const outcome = async (work: () => unknown) => {
  try {
    return { value: await work() };
  } catch (thrown) {
    return { thrown };
  }
};

describe.each(Object.entries(WAYS))("what comes out of %s", (_, way) => {
  it.each(ENDS)("is a trap: $what", async ({ run }) => {
    const { notices, crashes, guarded: code } = guarded(run);
    const { thrown } = await outcome(() => way(code));
    expect(isTrap(thrown)).toBe(true);
    expect(crashes.isDead).toBe(true);
    expect(notices).toEqual([{ crashed: (thrown as Error).message }]);
  });

  it.each(ERRORS)("is an error that wasm returned: %o", async (error) => {
    const {
      notices,
      crashes,
      guarded: code,
    } = guarded(() => {
      throw error;
    });
    expect(await outcome(() => way(code))).toEqual({ thrown: error });
    expect(crashes.isDead).toBe(false);
    expect(notices).toEqual([]);
  });

  it("is the result", async () => {
    const { guarded: code } = guarded(() => 7);
    expect(await outcome(() => way(code))).toEqual({ value: 7 });
  });
});

it("a dead instance is not entered again", async () => {
  let entered = 0;
  const { crashes, guarded: code } = guarded(() => {
    entered += 1;
  });
  crashes.report("out of memory");
  for (const way of Object.values(WAYS)) await outcome(() => way(code));
  expect(entered).toBe(0);
});

it("a crash is reported once, with the model that was at work", async () => {
  const { notices, crashes } = guarded(() => {});
  await crashes.during(1, () => {});
  await crashes.during(2, () =>
    crashes.during(3, () => {
      crashes.report("a panic");
      crashes.report("unreachable");
    }),
  );
  expect(notices).toEqual([{ crashed: "a panic", model: 3 }]);
});

it("what is no class or function stays", () => {
  expect(guarded(() => {}).guarded.version).toBe(3);
});
