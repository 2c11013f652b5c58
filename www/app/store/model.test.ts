import {
  type Classifier,
  type DeviceOptions,
  type DevicePolicy,
  type ErrorCode,
  type LoadedModel,
  type LoadOptions,
  ResNetError,
  type ThreadCount,
  type WeightSource,
} from "resnet-web";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readSettings } from "../settings";
import { createModel } from "./model";

/** One load, which a test ends. */
interface Load {
  source: WeightSource;
  choices: LoadOptions;
  resolve: (model: LoadedModel) => void;
  reject: (error: Error) => void;
}

const model = (id: number) => ({ id }) as LoadedModel;
const failure = (code: ErrorCode) => new ResNetError(code, "no");
const settled = () => new Promise((resolve) => setTimeout(resolve));
const file = (name: string) => new File(["weights"], name);

/** A page at `query`, whose first load has begun. */
async function setUp(query = "") {
  const loads: Load[] = [];
  const switches: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const switching = () =>
    new Promise<void>((resolve, reject) => {
      switches.push({ resolve, reject });
    });
  let options: DeviceOptions = {};
  const classifier = {
    device: new Promise(() => {}),
    load: (source: WeightSource, choices: LoadOptions) =>
      new Promise<LoadedModel>((resolve, reject) => {
        loads.push({ source, choices, resolve, reject });
      }),
    describe: async (file: Blob) => JSON.parse(await file.text()),
    previewWeights: async () => ({ kept: false, host: "other.example", bytes: 2e6 }),
    cachedWeights: async () => ({ files: 1, bytes: 1 }),
    setDevice: switching,
    setThreads: switching,
  } as unknown as Classifier;
  const store = createModel(readSettings(query), (given = {}) => {
    options = given;
    return classifier;
  });
  await settled();
  return { store, loads, switches, options: () => options };
}

beforeEach(() => vi.stubGlobal("document", { baseURI: "https://page.example/" }));
afterEach(() => vi.unstubAllGlobals());

describe("a load", () => {
  it("begins with the default weights, and its model is on the page", async () => {
    const { store, loads } = await setUp();
    expect(store.state.value.progress).toEqual({ loaded: 0, total: null, cached: false });
    loads[0]?.resolve(model(1));
    await settled();
    expect(store.state.value).toMatchObject({ model: { id: 1 }, progress: null, error: null });
    expect(store.isDefault.value).toBe(true);
  });

  it("that fails leaves the model before, and can be tried again", async () => {
    const { store, loads } = await setUp();
    loads[0]?.resolve(model(1));
    await settled();
    const other = file("other.pth");
    const opened = store.open(other);
    await settled();
    loads[1]?.reject(failure("weights-format"));
    expect(await opened).toBe(false);
    expect(store.state.value).toMatchObject({
      model: { id: 1 },
      error: { code: "weights-format" },
    });
    expect(store.isDefault.value).toBe(true);
    void store.loadAgain();
    await settled();
    expect(loads[2]?.source).toBe(other);
    expect(store.state.value.error).toBeNull();
  });

  it("that is overtaken reports nothing", async () => {
    const { store, loads } = await setUp();
    void store.open(file("newer.pth"));
    loads[0]?.reject(failure("aborted"));
    await settled();
    expect(store.state.value.error).toBeNull();
    loads[1]?.resolve(model(2));
    await settled();
    expect(store.state.value.model).toEqual(model(2));
    expect(store.isDefault.value).toBe(false);
  });

  it("from another server asks first, and once", async () => {
    const { store, loads } = await setUp("?weights=https://other.example/one.pth");
    expect(loads).toHaveLength(0);
    expect(store.state.value).toMatchObject({
      question: { host: "other.example", address: "https://other.example/one.pth" },
      progress: null,
    });
    vi.stubGlobal("sessionStorage", inMemory());
    store.allowDownload();
    await settled();
    expect(loads.map(({ source }) => source)).toEqual(["https://other.example/one.pth"]);
    expect(store.state.value.question).toBeNull();
  });
});

it("a configuration takes the place of one whose network was refused", async () => {
  const { store, loads } = await setUp();
  const describeAs = async (said: object) => {
    const description = JSON.stringify({ labels: [], unsupported: [], ...said });
    void store.describe([new File([description], "config.json")]);
    await vi.waitFor(() => expect(loads.at(-1)?.choices).toMatchObject(said));
    loads.at(-1)?.reject(failure("weights-architecture"));
    await settled();
    return loads.at(-1)?.choices;
  };
  loads[0]?.reject(failure("weights-download"));
  const otherNetwork = [{ name: "hidden_act", value: "gelu" }];
  expect(await describeAs({ otherNetwork })).toMatchObject({ otherNetwork });
  expect(await describeAs({ strideOn: "conv1" })).not.toHaveProperty("otherNetwork");
});

describe("a model that crashes the code", () => {
  it("goes, and the one before comes back with what it was loaded from", async () => {
    const { store, loads, options } = await setUp();
    loads[0]?.resolve(model(1));
    await settled();
    void store.open(file("bad.pth"));
    await settled();
    loads[1]?.resolve(model(2));
    await settled();
    options().onModelCrash?.(failure("model-crashed"));
    expect(store.state.value).toMatchObject({ model: null, error: { code: "model-crashed" } });
    options().onModel?.(model(1));
    expect(store.model.value).toEqual(model(1));
    expect(store.isDefault.value).toBe(true);
  });
});

/** What is chosen, how each choice ends, in the order in which they end, and what the page shows then. */
interface Switch {
  name: string;
  choices: (["device", DevicePolicy] | ["threads", ThreadCount])[];
  /** The number of the choice, and the error with which it fails. */
  ends: [number, ErrorCode?][];
  policy?: DevicePolicy;
  threads?: ThreadCount;
  switching?: boolean;
  error?: ErrorCode;
}

const SWITCHES: Switch[] = [
  {
    name: "a device that can be used",
    choices: [["device", "webgpu"]],
    ends: [[0]],
    policy: "webgpu",
  },
  {
    name: "a device that cannot",
    choices: [["device", "webgpu"]],
    ends: [[0, "device-failed"]],
    policy: "auto",
    error: "device-failed",
  },
  {
    name: "a device, and another before it is in use",
    choices: [
      ["device", "webgpu"],
      ["device", "cpu"],
    ],
    ends: [[0, "aborted"]],
    policy: "cpu",
    switching: true,
  },
  {
    name: "a device, and another before it is in use, which cannot be used",
    choices: [
      ["device", "webgpu"],
      ["device", "cpu"],
    ],
    ends: [
      [0, "aborted"],
      [1, "device-failed"],
    ],
    policy: "auto",
    error: "device-failed",
  },
  {
    name: "two numbers of threads, the first of which is set",
    choices: [
      ["threads", 2],
      ["threads", 4],
    ],
    ends: [[0]],
    threads: 4,
    switching: true,
  },
  {
    name: "two numbers of threads, the second of which is not set",
    choices: [
      ["threads", 2],
      ["threads", 4],
    ],
    ends: [[0], [1, "device-failed"]],
    threads: 2,
    error: "device-failed",
  },
  {
    name: "two numbers of threads, the first of which is not set",
    choices: [
      ["threads", 2],
      ["threads", 4],
    ],
    ends: [[0, "device-failed"]],
    threads: 4,
    switching: true,
  },
  {
    name: "a device and a number of threads, the first of which fails",
    choices: [
      ["device", "webgpu"],
      ["threads", 2],
    ],
    ends: [[0, "device-failed"]],
    policy: "auto",
    threads: 2,
    switching: true,
    error: "device-failed",
  },
];

it.each(SWITCHES)("choosing $name", async ({ name: _, choices, ends, ...shown }) => {
  const { store, switches } = await setUp();
  for (const [what, value] of choices) {
    if (what === "device") void store.setDevice(value);
    else void store.setThreads(value);
  }
  expect(store.state.value.switching).toBe(true);
  for (const [choice, code] of ends) {
    if (code) switches[choice]?.reject(failure(code));
    else switches[choice]?.resolve();
    await settled();
  }
  const { policy, threads, switching, error } = store.state.value;
  expect({ policy, threads, switching, error: error?.code }).toEqual({
    policy: "auto",
    threads: "auto",
    switching: false,
    error: undefined,
    ...shown,
  });
});

/** A storage of the browser's. */
function inMemory(): Pick<Storage, "getItem" | "setItem"> {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
  };
}
