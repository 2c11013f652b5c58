import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { Fault } from "../../tools/lib/fault.mjs";
import { place } from "../../tools/lib/places.mjs";
import { run } from "../../tools/lib/run.mjs";
import { whenStale } from "../../tools/lib/stamp.mjs";
import { progressOf } from "../../tools/lib/steps.mjs";
import { stepsOf, tensorShapes, withWeights } from "./graph.mjs";
import { writeOnnx } from "./onnx.mjs";
import { readSafetensors, writeSafetensors } from "./safetensors.mjs";
import { syntheticTensor } from "./synthetic.mjs";
import { writeTfjs } from "./tfjs.mjs";

/** The default weights, as the page loads them. */
const RESNET50 = path.join("www", "public", "weights", "resnet50.safetensors");
/** What the values without a file follow from. */
const SYNTHETIC = ["synthetic", "graph"].map((name) => `bench/lib/${name}.mjs`);
/** Where a weight file says what network it holds: see crates/core/src/weights/metadata.rs. */
const KEY = "resnet-web";

const BOTTLENECKS = { block: "bottleneck", repetitions: [3, 4, 6, 3] };

/**
 * The networks, by name: how the f32 weight file of each is made. Those with `ofFamily` are not raced against other
 * runtimes, of which TensorFlow.js has no grouped convolutions, but timed beside each other.
 */
export const models = {
  resnet18: synthetic("ResNet-18", { block: "no-bottleneck", repetitions: [2, 2, 2, 2] }),
  resnet50: { title: "ResNet-50", make: makeDefault, inputs: [RESNET50] },
  "resnet50-v1.5": { ...synthetic("ResNet-50 v1.5", BOTTLENECKS), ofFamily: true },
  "resnext50-32x4d": {
    ...synthetic("ResNeXt-50 32x4d", { ...BOTTLENECKS, groups: 32, width_per_group: 4 }),
    ofFamily: true,
  },
  "wide-resnet50-2": {
    ...synthetic("Wide ResNet-50-2", { ...BOTTLENECKS, width_per_group: 128 }),
    ofFamily: true,
  },
};

/** The models that an option names, separated by commas; if there is no such option, all that are `ofFamily` or not. */
export function modelNames(text, ofFamily = false) {
  const all = Object.keys(models).filter((name) => (models[name].ofFamily ?? false) === ofFamily);
  const names = text?.split(",") ?? all;
  const unknown = names.find((name) => !(name in models));
  if (unknown === undefined) return names;
  throw new Fault(`There is no model "${unknown}"; choose of ${Object.keys(models).join(", ")}.`);
}

/** The folder with a model's files, from the repository's top. */
const folderOf = (name) => path.join(".tools", "bench", name);

/** A model's files, as places on the server: the same weights in every contender's form. */
export function filesOf(name) {
  const file = (base) => `/${folderOf(name)}/${base}`;
  return {
    safetensors: file("weights.safetensors"),
    onnx: file("model.onnx"),
    tfjs: file("tfjs.json"),
  };
}

/** Makes a model's files, unless they are up to date: of those that are `ofFamily` only the weight file. */
export async function ensureModel(name, report) {
  const { make, inputs, ofFamily } = models[name];
  const folder = folderOf(name);
  const weights = path.join(folder, "weights.safetensors");
  mkdirSync(place(folder), { recursive: true });
  // Two jobs, so that a change here does not run the converter again.
  const first = { name: `bench-weights-${name}`, inputs, outputs: [weights] };
  const made = await whenStale(first, report, () => make(place(weights), report));
  if (ofFamily) return made ? undefined : "up to date";
  const forms = ["model.onnx", "tfjs.json", "tfjs.bin"].map((base) => path.join(folder, base));
  const second = {
    name: `bench-model-${name}`,
    inputs: [weights, ...["graph", "onnx", "tfjs"].map((form) => `bench/lib/${form}.mjs`)],
    outputs: forms,
  };
  const written = await whenStale(second, report, async () => {
    report("writing each contender's form");
    const { entries, tensors } = readSafetensors(place(weights));
    const steps = withWeights(stepsOf(JSON.parse(entries[KEY])), tensors);
    await writeOnnx(place(folder, "model.onnx"), steps);
    writeTfjs(place(folder, "tfjs.json"), steps);
  });
  return made || written ? undefined : "up to date";
}

/** ResNet-50 as published by He et al., the page's own weights. */
async function makeDefault(file, report) {
  if (!existsSync(place(RESNET50))) {
    throw new Fault("The default weights are not here; run `node tools/weights.mjs` first.");
  }
  const tool = ["run", "--features", "cli", "--bin", "resnet-web", "--", "convert"];
  const onLine = (line) => report(progressOf(line));
  await run("cargo", [...tool, RESNET50, file, "--dtype", "f32"], { onLine });
}

/** One of torchvision's networks with random weights: how long a network takes does not depend on them. */
function synthetic(title, network) {
  return {
    title,
    make: (file, report) => makeSynthetic(file, title, network, report),
    inputs: SYNTHETIC,
  };
}

function makeSynthetic(file, name, network, report) {
  report("working out weights");
  const metadata = {
    format: 1,
    name,
    family: "torchvision",
    ...network,
    input_channels: 3,
    classes: 1000,
    head: { kind: "average-pool" },
    stride_on: "conv2",
    preprocessing: {
      resize_short_side: 256,
      crop: 224,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    },
    labels: [],
    source: "values that follow from the tensors' names",
    license: "",
    dtype: "f32",
  };
  const tensors = {};
  for (const [name, shape] of tensorShapes(stepsOf(metadata))) {
    tensors[name] = { shape, values: syntheticTensor(name, shape) };
  }
  writeSafetensors(file, { entries: { [KEY]: JSON.stringify(metadata) }, tensors });
}
