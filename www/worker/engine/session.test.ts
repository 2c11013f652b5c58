import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { WorkerNotice } from "../../protocol/messages";
import type { WeightChoices } from "../../protocol/types";
import type { Session } from "./session";

/** What the fakes were asked to do, in order. */
let log: string[] = [];
/** What the page is told unasked. */
let notices: WorkerNotice[] = [];
/** Networks that have not been freed. */
let inMemory = new Set<string>();
/** What is held up until it is released, by its name in the log. */
let held = new Map<string, Promise<void>>();
/** What goes wrong. */
let faults: Record<string, unknown> = {};
let gpu: unknown;
/** How many steps a run has. */
let steps = 0;

const fault = (where: string) => {
  if (where in faults) throw faults[where];
};
const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setTimeout(done));
};

function hold(name: string): () => void {
  let release = () => {};
  held.set(name, new Promise((resolve) => (release = resolve)));
  return release;
}

class FakeModel {
  readonly summary = {};
  constructor(readonly name: string) {
    inMemory.add(name);
  }
  get info() {
    return { architecture: this.name, assumed: [], classes: 10, inputShape: [1, 3, 2, 2] };
  }
  setLabels() {}
  begin(data: { of: string }, _: number, __: number, top: number, ___: unknown, embedded: boolean) {
    log.push(`run ${data.of} on ${this.name}`);
    if (!inMemory.has(this.name)) throw new Error("a freed network was run");
    const run = `run of ${data.of}`;
    inMemory.add(run);
    let left = steps;
    return {
      advance: () => {
        if (steps > 0) log.push(`step of ${data.of}`);
        left -= 1;
        return left > 0;
      },
      finish: async () => {
        await held.get(`run ${data.of}`);
        return { top: Array(top).fill("cat"), ...(embedded && { embedding: [0.5, 0.25] }) };
      },
      free: () => inMemory.delete(run),
    };
  }
  async logits() {
    log.push(`time ${this.name}`);
    await held.get(`time ${this.name}`);
  }
  async layerTimes() {
    return [];
  }
  inspect(data: { of: string }) {
    log.push(`look at ${data.of} with ${this.name}`);
    fault("inspect");
    return { layers: [{ of: data.of, shape: [1, 1, 1] }], free: () => {} };
  }
  free() {
    inMemory.delete(this.name);
  }
}

class FakeEngine {
  static async open() {
    inMemory.add("engine");
    return new FakeEngine();
  }
  load(_: Blob, { name = "" }: WeightChoices) {
    log.push(`build ${name}`);
    fault("build");
    return new FakeModel(inMemory.has(name) ? `${name}, once more` : name);
  }
  free() {
    inMemory.delete("engine");
  }
}

vi.mock("./device", () => ({
  openOnCpu: async () => {
    const readDescription = () => ({ labels: ["a"], unsupported: [] });
    const wasm = { Engine: FakeEngine, readDescription };
    const opened = { engine: new FakeEngine(), wasm, status: {} };
    await held.get("device");
    return gpu ? { ...opened, gpu } : opened;
  },
}));
vi.mock("../pixels/read", () => ({
  readPixels: async (_: Blob, name: string) => {
    log.push(`decode ${name}`);
    await held.get(`decode ${name}`);
    fault("decode");
    return { data: { of: name }, width: 1, height: 1 };
  },
}));
const request = (id: number, name: string) => ({
  id,
  file: { blob: new Blob([name]), kept: { cached: true } } as const,
  choices: { name },
});

let session: Session;
let call = 0;
const classify = (name: string, image: unknown = new Blob()) => {
  call += 1;
  return session.classify(image as Blob, name, { top: 5 }, call);
};
const use = async (id: number, name: string) => {
  expect(await session.load(request(id, name))).toMatchObject({ ok: true });
  expect(await session.commit(id)).toMatchObject({ ok: true });
};

beforeEach(async () => {
  [log, notices, inMemory, held, faults, gpu] = [[], [], new Set(), new Map(), {}, undefined];
  steps = 0;
  vi.stubGlobal("self", { postMessage: (notice: WorkerNotice) => notices.push(notice) });
  vi.stubGlobal("OffscreenCanvas", class {});
  // An instance that has died is the worker's, so each test has a worker of its own.
  vi.resetModules();
  session = new (await import("./session")).Session();
});
afterEach(() => vi.unstubAllGlobals());

const open = () => session.openCpu("cpu-requested", undefined, 1);

describe("a load", () => {
  beforeEach(open);

  it("takes effect when the page says so, and no sooner", async () => {
    await use(1, "small");
    await session.load(request(2, "large"));
    expect(await classify("cat")).toMatchObject({ value: { model: 1 } });
    await session.commit(2);
    expect(await classify("cat")).toMatchObject({ value: { model: 2 } });
    expect([...inMemory]).toEqual(["large"]);
  });

  it.each([
    ["before it has begun", async () => void session.drop(2)],
    [
      "while the device is opened",
      async () => {
        await settled();
        void session.drop(2);
      },
    ],
  ])("that is given up %s builds nothing", async (_, giveUp) => {
    const release = hold("device");
    void open();
    const load = session.load(request(2, "large"));
    await giveUp();
    release();
    expect(await load).toMatchObject({ error: { code: "aborted" } });
    expect(log).toEqual([]);
  });

  it("that is given up when its network is built leaves nothing in memory", async () => {
    await use(1, "small");
    const load = session.load(request(2, "large"));
    while (!log.includes("build large")) await new Promise((done) => setImmediate(done));
    await session.drop(2);
    await load;
    expect(await session.commit(2)).toMatchObject({ error: { code: "aborted" } });
    expect([...inMemory]).toEqual(["small"]);
    expect(await classify("cat")).toMatchObject({ value: { model: 1 } });
  });

  it("is not cancelled with another", async () => {
    const release = hold("device");
    void open();
    const first = session.load(request(1, "first"));
    const second = session.load(request(2, "second"));
    await session.drop(1);
    release();
    await first;
    expect(await second).toMatchObject({ ok: true, value: { id: 2 } });
    expect(await session.commit(2)).toMatchObject({ ok: true });
  });

  it("that is staged and not committed is freed before the next is built", async () => {
    await use(1, "small");
    await session.load(request(2, "large"));
    faults.build = new Error("not read");
    await session.load(request(3, "other"));
    expect([...inMemory]).toEqual(["small"]);
  });

  it("says when it builds", async () => {
    await use(1, "small");
    expect(notices).toEqual([{ building: 1 }, { building: null }]);
  });

  it("waits for a run of the model before, which is freed then", async () => {
    await use(1, "small");
    const release = hold("run cat");
    const cat = classify("cat");
    await settled();
    await use(2, "large");
    expect(inMemory).toContain("small");
    release();
    expect(await cat).toMatchObject({ value: { model: 1 } });
    await settled();
    expect([...inMemory]).toEqual(["large"]);
  });
});

it("labels are given to the model they are meant for", async () => {
  await open();
  await use(1, "small");
  const release = hold("run cat");
  const cat = classify("cat");
  await settled();
  const labels = session.setLabels(1, new Blob(["a"]));
  await use(2, "large");
  release();
  await cat;
  expect(await labels).toMatchObject({ error: { code: "aborted" } });
});

describe("timing a model", () => {
  beforeEach(open);
  const isTimed = (ok: boolean) => (ok ? { ok } : { ok, error: { code: "aborted" } });

  it.each([
    ["that is in use", 1, true],
    ["that is not", 2, false],
  ])("%s", async (_, id, ok) => {
    await use(1, "small");
    expect(await session.time(id)).toMatchObject(isTimed(ok));
    expect(log.includes("time small")).toBe(ok);
  });

  it("ends when another comes into use meanwhile", async () => {
    await use(1, "small");
    const release = hold("time small");
    const times = session.time(1);
    await settled();
    await use(2, "large");
    release();
    expect(await times).toMatchObject(isTimed(false));
    expect(log).not.toContain("time large");
  });
});

describe("of many images", () => {
  beforeEach(async () => {
    await open();
    await use(1, "small");
    log = [];
  });

  it("those that are given up before they begin are neither decoded nor run", async () => {
    const releases = [hold("decode 1"), hold("decode 2")];
    const calls = Array.from({ length: 20 }, (_, i) => classify(`${i + 1}`));
    await settled();
    for (let given = call - 19; given < call; given += 1) session.cancel(given);
    for (const release of releases) release();
    await Promise.all(calls);
    expect(log).toEqual(["decode 1", "decode 2", "decode 20", "run 20 on small"]);
  });

  it("one that is given up while it is decoded is not run", async () => {
    const release = hold("decode cat");
    const cat = classify("cat");
    await settled();
    session.cancel(call);
    release();
    expect(await cat).toMatchObject({ error: { code: "aborted" } });
    expect(log).toEqual(["decode cat"]);
  });

  it("what is seen is of the last that was asked for", async () => {
    const release = hold("decode slow");
    const slow = session.inspect(new Blob(), "slow", 101);
    const quick = session.inspect(new Blob(), "quick", 102);
    await settled();
    release();
    await Promise.all([slow, quick]);
    expect(log.at(-1)).toBe("look at quick with small");
  });
});

describe("a run of several steps", () => {
  beforeEach(async () => {
    await open();
    await use(1, "small");
    [log, steps] = [[], 3];
  });
  /** Each look at the clock is so many milliseconds after the one before. */
  const clock = (milliseconds: number) => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      now += milliseconds;
      return now;
    });
  };
  afterEach(() => vi.restoreAllMocks());
  /** Gives the newest call up as soon as its first step is done. */
  const giveUp = async () => {
    while (!log.includes("step of cat")) await new Promise((done) => setImmediate(done));
    session.cancel(call);
  };

  it("that is given up ends between them, and leaves nothing in memory", async () => {
    clock(10);
    const cat = classify("cat");
    void giveUp();
    expect(await cat).toMatchObject({ error: { code: "aborted" } });
    expect(log.filter((entry) => entry === "step of cat").length).toBeLessThan(3);
    expect([...inMemory]).toEqual(["small"]);
  });

  it("makes room for the next", async () => {
    clock(10);
    const cat = classify("cat");
    const cancelled = giveUp();
    await cancelled;
    expect(await classify("dog")).toMatchObject({ ok: true });
    expect(await cat).toMatchObject({ ok: false });
  });

  it("is completed before another one begins", async () => {
    clock(10);
    await Promise.all([classify("cat"), classify("dog")]);
    expect(log.filter((entry) => !entry.startsWith("decode"))).toEqual([
      "run cat on small",
      ...Array(3).fill("step of cat"),
      "run dog on small",
      ...Array(3).fill("step of dog"),
    ]);
    expect([...inMemory]).toEqual(["small"]);
  });

  it("of short steps does not stop at each of them", async () => {
    clock(1);
    const cat = classify("cat");
    void giveUp();
    expect(await cat).toMatchObject({ ok: true });
    expect(log.filter((entry) => entry === "step of cat").length).toBe(3);
  });
});

it.each([
  ["the classes", { top: 1 }, { top: ["cat"] }],
  [
    "the classes and the embedding",
    { top: 2, embedding: true },
    { top: ["cat", "cat"], embedding: new Float32Array([0.5, 0.25]) },
  ],
  [
    "the embedding alone",
    { top: 0, embedding: true },
    { top: [], embedding: new Float32Array([0.5, 0.25]) },
  ],
])("a run returns %s", async (_, wanted, expected) => {
  await open();
  await use(1, "a");
  const answer = await session.classify(new Blob(), "photo", wanted, 1000);
  const { top, embedding } = answer.ok ? answer.value : {};
  expect({ top, ...(embedding && { embedding }) }).toEqual(expected);
});

describe("an image that is a bitmap is closed", () => {
  const CASES: Record<string, { loaded?: boolean; prepare?: () => void }> = {
    "when it was classified": {},
    "where no model is loaded": { loaded: false },
    "when it cannot be read": { prepare: () => (faults.decode = new Error("no")) },
    "where there is no OffscreenCanvas": {
      prepare: () => vi.stubGlobal("OffscreenCanvas", undefined),
    },
    "when it was given up": { prepare: () => queueMicrotask(() => session.cancel(call)) },
  };
  it.each(Object.entries(CASES))("%s", async (_, { loaded = true, prepare }) => {
    await open();
    if (loaded) await use(1, "small");
    prepare?.();
    const close = vi.fn();
    await classify("frame", { close });
    await session.inspect({ close } as unknown as ImageBitmap, "frame", 1000);
    expect(close).toHaveBeenCalledTimes(2);
  });
});

it("a browser without OffscreenCanvas is told so", async () => {
  await open();
  await use(1, "small");
  vi.stubGlobal("OffscreenCanvas", undefined);
  expect(await classify("cat")).toMatchObject({
    error: { code: "browser-unsupported", message: expect.stringContaining("OffscreenCanvas") },
  });
});

it.each([[undefined], [new Error("no")]])(
  "looking at a model on a GPU leaves no second network (%o)",
  async (thrown) => {
    gpu = {
      run: (work: () => unknown) => work(),
      load: (work: () => unknown) => work(),
    };
    await open();
    await use(1, "small");
    if (thrown) faults.inspect = thrown;
    expect(await session.inspect(new Blob(), "cat", 1)).toMatchObject({ ok: !thrown });
    expect([...inMemory]).toEqual(["small"]);
  },
);

it("nothing is answered after the code has died, and the notice has the model", async () => {
  await open();
  await use(1, "small");
  const { crashes } = await import("../wasm/crashes");
  const release = hold("run cat");
  const answered: unknown[] = [];
  void classify("cat").then((answer) => answered.push(answer));
  await settled();
  crashes.report("unreachable");
  release();
  void session.load(request(2, "large")).then((answer) => answered.push(answer));
  await settled();
  expect(answered).toEqual([]);
  expect(notices.at(-1)).toEqual({ building: null });
  expect(notices).toContainEqual({ crashed: "unreachable", model: 1 });
});
