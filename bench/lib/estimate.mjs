import { layersOf, NETWORKS } from "./layers.mjs";
import { table } from "./tables.mjs";

/**
 * GPUs by what is published of them. A unit is what a workgroup runs on (core, SM, dual subslice);
 * `lanes` are its f32 multiply-adds in a cycle, `shared` the bytes of workgroup memory that it reads in
 * one, as far as known, and `storage` how many there are. `dispatch` is microseconds, from to.
 */
const GPUS = [
  {
    name: "Apple M1, 8 cores",
    units: 8,
    lanes: 128,
    clock: 1.278e9,
    bandwidth: 68.3e9,
    half: 1,
    shared: 64,
    storage: 32 * 1024,
    dispatch: [32, 71],
  },
  {
    name: "Intel Iris Xe, 96 EU",
    units: 6,
    lanes: 128,
    clock: 1.35e9,
    bandwidth: 68.3e9,
    half: 2,
    shared: 128,
    storage: 128 * 1024,
    dispatch: [24, 36],
  },
  {
    name: "NVIDIA RTX 3060",
    units: 28,
    lanes: 128,
    clock: 1.777e9,
    bandwidth: 360e9,
    half: 1,
    shared: 128,
    storage: 100 * 1024,
    dispatch: [24, 36],
  },
  {
    name: "Qualcomm Adreno 740",
    units: 5,
    lanes: 512,
    clock: 0.719e9,
    bandwidth: 64e9,
    half: 2,
    shared: undefined,
    storage: 32 * 1024,
    dispatch: [24, 36],
  },
];

/** What src/gpu/shaders/convolution.wgsl does; `rows` are those brought in at a time. */
const KERNEL = { pixels: 32, channels: 64, invocations: 64, rows: 16, quad: 4, storage: 6 * 1024 };
/** Multiply-adds of an invocation for the rows brought in at a time: 4 pixels of 8 channels. */
const MULTIPLY_ADDS = 4 * 8 * KERNEL.rows;
/** Loads of four numbers from workgroup memory for those: for each quad of rows 4 inputs and 8 weights. */
const LOADS = (KERNEL.rows / KERNEL.quad) * (4 + 8);
/** Bytes of a load of four numbers. */
const LOAD_BYTES = 16;
/**
 * Bytes of those loads that differ among 32 invocations, as a part of all: 4 rows of 8 invocations
 * each read the same inputs, 8 columns of 4 each the same weights.
 */
const DISTINCT = (4 * (4 / 32) + 8 * (8 / 32)) / (4 + 8);
/**
 * Instructions of an invocation besides, each time: guessed from the source. Two inputs are gathered,
 * each with the place of the next one, and bounds; four quads of weights; loops, addresses, barriers.
 */
const OTHERS = 2 * (15 + 25) + 4 * 12 + 50;
/**
 * Seconds from asking memory for a number to having it, from its cache and not: of the order of what
 * is measured on an M1 (76 to 311 ns). Nothing is asked for ahead, so every round waits.
 */
const LATENCY = [100e-9, 350e-9];
/**
 * The part that is left of that share by what is not worked out here: clocks below the highest, banks
 * of shared memory that are asked twice at once (weights are read 32 bytes apart), registers, the
 * compiler. A guess.
 */
const LEFT = [1, 0.5];
/** Seconds until what has been computed is in JavaScript: a guess. */
const READ_BACK = [0.3e-3, 2e-3];
/** Dispatches of what is burn's, pooling and the linear layer: a guess. */
const BURNS = [3, 7];

/** The tables of docs/gpu-estimate.md, in their order. */
export function estimateTables() {
  return [
    gpuTable(),
    totalsTable(),
    kindsTable("ResNet-50"),
    rooflineTable("ResNet-50"),
    boundsTable(),
    expectedTable(),
  ];
}

function gpuTable() {
  const head = ["", "units", "lanes of each", "clock", "f32", "f16", "memory"];
  const body = GPUS.map((gpu) => [
    gpu.name,
    String(gpu.units),
    String(gpu.lanes),
    `${(gpu.clock / 1e9).toFixed(2)} GHz`,
    `${(operations(gpu) / 1e12).toFixed(1)} TFLOP/s`,
    `${((gpu.half * operations(gpu)) / 1e12).toFixed(1)} TFLOP/s`,
    `${(gpu.bandwidth / 1e9).toFixed(0)} GB/s`,
  ]);
  return table(head, body);
}

function totalsTable() {
  const head = ["", "multiply-adds", "weights", "maps", ...GPUS.map(({ name }) => name)];
  const body = Object.keys(NETWORKS).flatMap((network) =>
    [4, 2].map((bytes) => {
      const layers = layersOf(network);
      const megabytes = (of) => `${((bytes * sum(layers, of)) / 1e6).toFixed(1)} MB`;
      return [
        `${network}, f${8 * bytes}`,
        `${(sum(layers, ({ multiplyAdds }) => multiplyAdds) / 1e9).toFixed(2)} G`,
        megabytes(({ weights }) => weights),
        megabytes(({ maps }) => maps),
        ...GPUS.map((gpu) => inMilliseconds(sum(layers, (layer) => roofline(gpu, layer, bytes)))),
      ];
    }),
  );
  return table(head, body);
}

function kindsTable(network) {
  const head = [
    "",
    "layers",
    "multiply-adds",
    "f32",
    "f16",
    "FLOP/byte, f32",
    "workgroups",
    "used",
  ];
  const body = kindsOf(network).map(({ count, ...layer }) => {
    const { kind, multiplyAdds, product } = layer;
    const bytes = bytesOf(layer, 4);
    const tiles = product && tilesOf(product);
    return [
      kind,
      String(count),
      multiplyAdds > 0 ? `${(multiplyAdds / 1e6).toFixed(1)} M` : "",
      ...[bytes, bytes / 2].map((bytes) => `${(bytes / 1e6).toFixed(2)} MB`),
      multiplyAdds > 0 ? ((2 * multiplyAdds) / bytes).toFixed(1) : "",
      product ? String(tiles.groups) : "",
      product ? inPercent(multiplyAdds / tiles.multiplyAdds) : "",
    ];
  });
  return table(head, body);
}

/** All layers of a kind together; what memory limits is marked. */
function rooflineTable(network) {
  const head = ["", "layers", ...GPUS.map(({ name }) => name)];
  const body = kindsOf(network).map(({ count, ...layer }) => [
    layer.kind,
    String(count),
    ...GPUS.map((gpu) => {
      const time = `${(1e6 * count * roofline(gpu, layer, 4)).toFixed(0)} µs`;
      return computing(gpu, layer, 4) < moving(gpu, layer, 4) ? `*${time}*` : time;
    }),
  ]);
  const layers = layersOf(network);
  const sums = GPUS.map((gpu) => inMilliseconds(sum(layers, (layer) => roofline(gpu, layer, 4))));
  return table(head, [...body, ["all", String(layers.length), ...sums]]);
}

function boundsTable() {
  const head = ["share of the peak", "instructions", "shared memory", "the same, each byte once"];
  const body = GPUS.map((gpu) => [
    gpu.name,
    inPercent(issueShare()),
    ...[1, DISTINCT].map((part) =>
      gpu.shared === undefined ? "unknown" : inPercent(Math.min(1, sharedShare(gpu, part))),
    ),
  ]);
  return table(head, body);
}

function expectedTable() {
  const head = ["", ...GPUS.map(({ name }) => name)];
  const body = Object.keys(NETWORKS).flatMap((network) => {
    const layers = layersOf(network);
    const inRange = (of) => GPUS.map((gpu) => rangeOf([of(gpu, 0), of(gpu, 1)]));
    const onGpu = (gpu, i) => sum(layers, (layer) => layerTime(gpu, layer, i));
    return [
      [`${network}: layers`, ...inRange(onGpu)],
      [`${network}: dispatches`, ...inRange((gpu, i) => dispatching(gpu, layers, i))],
      // At best the GPU computes what has been dispatched while more is.
      [
        `**${network}: a run**`,
        ...inRange((gpu, i) => {
          const [gpuTime, dispatches] = [onGpu(gpu, i), dispatching(gpu, layers, i)];
          const both = i === 0 ? Math.max(gpuTime, dispatches) : gpuTime + dispatches;
          return both + READ_BACK[i];
        }),
      ],
      [
        `${network}: of the peak`,
        ...GPUS.map((gpu) => {
          const work = sum(layers, ({ multiplyAdds }) => multiplyAdds);
          const shares = [1, 0].map((i) => (2 * work) / onGpu(gpu, i) / operations(gpu));
          return shares.map(inPercent).join(" to ");
        }),
      ],
    ];
  });
  return table(head, body);
}

/** Seconds for the convolutions' dispatches and burn's. */
function dispatching(gpu, layers, i) {
  const convolutions = layers.filter(({ product }) => product).length;
  return (convolutions + BURNS[i]) * gpu.dispatch[i] * 1e-6;
}

/** Seconds of a layer with this kernel, at best (0) and at worst (1). */
function layerTime(gpu, layer, i) {
  const { product } = layer;
  if (!product) return roofline(gpu, layer, 4);
  const { groups, rounds } = tilesOf(product);
  const onUnit = Math.ceil(groups / gpu.units);
  const share = LEFT[i] * shareOf(gpu)[i];
  // A workgroup alone fills no more lanes than it has invocations.
  const round = (lanes) => (MULTIPLY_ADDS * KERNEL.invocations) / lanes / (gpu.clock * share);
  const busy = rounds * onUnit * round(gpu.lanes);
  const together = Math.floor(gpu.storage / KERNEL.storage);
  const alone = rounds * (LATENCY[i] + round(Math.min(KERNEL.invocations, gpu.lanes)));
  const waiting = Math.ceil(onUnit / together) * alone;
  return Math.max(busy, waiting, moving(gpu, layer, 4));
}

/** The share of its peak that a GPU can reach by the inner loop, at best and at worst. */
function shareOf(gpu) {
  const issue = issueShare();
  // Where nothing is known of shared memory: no limit at best, that of the slowest known at worst.
  const known = GPUS.filter(({ shared }) => shared !== undefined);
  const slowest = Math.min(...known.map((gpu) => sharedShare(gpu, 1)));
  if (gpu.shared === undefined) return [issue, Math.min(issue, slowest)];
  return [DISTINCT, 1].map((part) => Math.min(issue, sharedShare(gpu, part)));
}

/** Multiply-adds as a part of all instructions. */
function issueShare() {
  return MULTIPLY_ADDS / (MULTIPLY_ADDS + LOADS + OTHERS);
}

/** Of the multiply-adds in a cycle, those that shared memory feeds if it reads this `part` of the loads. */
function sharedShare({ shared, lanes }, part) {
  const bytes = (part * LOADS * LOAD_BYTES) / MULTIPLY_ADDS;
  return shared / bytes / lanes;
}

/** Workgroups of a convolution, how often each brings rows in, and what all multiply, filling included. */
function tilesOf({ pixels, outputs, inputs, kernel }) {
  const groups = Math.ceil(pixels / KERNEL.pixels) * Math.ceil(outputs / KERNEL.channels);
  const rows = kernel ** 2 * Math.ceil(inputs / KERNEL.quad) * KERNEL.quad;
  const rounds = Math.ceil(rows / KERNEL.rows);
  const each = KERNEL.pixels * KERNEL.channels * KERNEL.rows;
  return { groups, rounds, multiplyAdds: groups * rounds * each };
}

/** Each kind of layer once, with how many there are. */
function kindsOf(network) {
  const kinds = new Map();
  for (const layer of layersOf(network)) {
    // With a residual it reads more.
    const key = `${layer.kind} ${layer.maps}`;
    const kind = kinds.get(key) ?? { ...layer, count: 0 };
    kinds.set(key, { ...kind, count: kind.count + 1 });
  }
  return [...kinds.values()];
}

function roofline(gpu, layer, bytes) {
  return Math.max(computing(gpu, layer, bytes), moving(gpu, layer, bytes));
}

function computing(gpu, { multiplyAdds }, bytes) {
  return (2 * multiplyAdds) / (operations(gpu) * (bytes === 2 ? gpu.half : 1));
}

function moving(gpu, layer, bytes) {
  return bytesOf(layer, bytes) / gpu.bandwidth;
}

function bytesOf({ weights, maps }, bytes) {
  return bytes * (weights + maps);
}

/** f32 operations in a second, two for each multiply-add. */
function operations({ units, lanes, clock }) {
  return 2 * units * lanes * clock;
}

function sum(layers, of) {
  return layers.reduce((total, layer) => total + of(layer), 0);
}

function inMilliseconds(seconds) {
  const milliseconds = 1e3 * seconds;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

function rangeOf([from, to]) {
  return `${inMilliseconds(from).replace(" ms", "")} to ${inMilliseconds(to)}`;
}

function inPercent(part) {
  return `${(100 * part).toFixed(0)} %`;
}
