import { readFileSync } from "node:fs";
import { place } from "../../tools/lib/places.mjs";
import { layersOf, NETWORKS } from "./layers.mjs";
import { table } from "./tables.mjs";

/**
 * GPUs by what is published of them. A unit is what a workgroup runs on (core, SM, dual subslice);
 * `lanes` are its f32 multiply-adds in a cycle, `nearest` the bytes that its nearest memory gives in
 * one, as far as known: workgroup memory's, for of caches less is published. `registers` are bytes of
 * a unit. `dispatch` is microseconds, from to.
 */
const GPUS = [
  {
    name: "Apple M1, 8 cores",
    units: 8,
    lanes: 128,
    clock: 1.278e9,
    bandwidth: 68.3e9,
    half: 1,
    nearest: 64,
    registers: 208 * 1024,
    dispatch: [32, 71],
  },
  {
    name: "Intel Iris Xe, 96 EU",
    units: 6,
    lanes: 128,
    clock: 1.35e9,
    bandwidth: 68.3e9,
    half: 2,
    nearest: 128,
    registers: 16 * 28 * 1024,
    dispatch: [24, 36],
  },
  {
    name: "NVIDIA RTX 3060",
    units: 28,
    lanes: 128,
    clock: 1.777e9,
    bandwidth: 360e9,
    half: 1,
    nearest: 128,
    registers: 256 * 1024,
    dispatch: [24, 36],
  },
  {
    name: "Qualcomm Adreno 740",
    units: 5,
    lanes: 512,
    clock: 0.719e9,
    bandwidth: 64e9,
    half: 2,
    nearest: undefined,
    registers: undefined,
    dispatch: [24, 36],
  },
];

/** The invocations of a workgroup along pixels and channels: the tile that crates/gpu/src/select.rs uses. */
const TILE = defaultTile();
/** What crates/gpu/src/kernels/conv2d does: a workgroup's tile, and the input channels of a round. */
const KERNEL = {
  pixels: 8 * TILE.rows,
  channels: 8 * TILE.columns,
  invocations: TILE.rows * TILE.columns,
  block: 4,
};
/** Multiply-adds of an invocation in a round: 8 pixels of 8 channels. */
const MULTIPLY_ADDS = 8 * 8 * KERNEL.block;
/** Additions of a round's products to the sums: a matrix product comes by itself first. */
const ADDITIONS = 8 * 8;
/** Loads of four numbers in a round: 8 inputs and 8 weights. */
const LOADS = 8 + 8;
/** Bytes of a load of four numbers. */
const LOAD_BYTES = 16;
/**
 * Bytes of those loads that differ among 32 invocations, as a part of all: 4 rows of 8 invocations
 * each read the same inputs, 8 columns of 4 each the same weights.
 */
const DISTINCT =
  (8 * (TILE.rows / KERNEL.invocations) + 8 * (TILE.columns / KERNEL.invocations)) / (8 + 8);
/**
 * Instructions of an invocation besides, in a round: guessed from the source. An address and its
 * bounds for each load, four numbers chosen for each input, the loop.
 */
const OTHERS = LOADS * 2 + 8 * 4 + 4;
/** Registers of 32 bits that an invocation needs: sums, inputs, weights, addresses. A guess. */
const REGISTERS = 64 + 32 + 32 + 32;
/**
 * Seconds from asking the nearest cache for a number to having it, and one further away: guesses.
 * Nothing is asked for ahead, so every round waits.
 */
const LATENCY = [30e-9, 120e-9];
/**
 * The part that is left of that share by what is not worked out here: clocks below the highest, lines
 * of a cache that are asked twice at once (weights are read 32 bytes apart), the compiler. A guess.
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

function defaultTile() {
  const source = readFileSync(place("crates", "gpu", "src", "select.rs"), "utf8");
  const tile = /const DEFAULT: Tile = Tile \{\s*rows: (\d+),\s*columns: (\d+),?\s*\}/.exec(source);
  if (!tile) throw new Error("crates/gpu/src/select.rs has no `const DEFAULT: Tile`");
  return { rows: Number(tile[1]), columns: Number(tile[2]) };
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
  const head = ["share of the peak", "instructions", "nearest memory", "the same, each byte once"];
  const body = GPUS.map((gpu) => [
    gpu.name,
    inPercent(issueShare()),
    ...[1, DISTINCT].map((part) =>
      gpu.nearest === undefined ? "unknown" : inPercent(Math.min(1, nearestShare(gpu, part))),
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
  const together = workgroupsTogether(gpu);
  const alone = rounds * (LATENCY[i] + round(Math.min(KERNEL.invocations, gpu.lanes)));
  const waiting = Math.ceil(onUnit / together) * alone;
  return Math.max(busy, waiting, moving(gpu, layer, 4));
}

/** Workgroups whose registers a unit has room for; where nothing is known, of the GPU with the fewest. */
function workgroupsTogether({ registers }) {
  const known = GPUS.flatMap((gpu) => gpu.registers ?? []);
  const bytes = registers ?? Math.min(...known);
  return Math.floor(bytes / (KERNEL.invocations * REGISTERS * 4));
}

/** The share of its peak that a GPU can reach by the inner loop, at best and at worst. */
function shareOf(gpu) {
  const issue = issueShare();
  // Where nothing is known of the nearest memory: no limit at best, that of the slowest known at worst.
  const known = GPUS.filter(({ nearest }) => nearest !== undefined);
  const slowest = Math.min(...known.map((gpu) => nearestShare(gpu, 1)));
  if (gpu.nearest === undefined) return [issue, Math.min(issue, slowest)];
  return [DISTINCT, 1].map((part) => Math.min(issue, nearestShare(gpu, part)));
}

/** Multiply-adds as a part of all instructions. */
function issueShare() {
  return MULTIPLY_ADDS / (MULTIPLY_ADDS + ADDITIONS + LOADS + OTHERS);
}

/** Of the multiply-adds in a cycle, those that the nearest memory feeds if it reads this `part` of the loads. */
function nearestShare({ nearest, lanes }, part) {
  const bytes = (part * LOADS * LOAD_BYTES) / MULTIPLY_ADDS;
  return nearest / bytes / lanes;
}

/** Workgroups of a convolution, the rounds of each, and what all multiply, filling included. */
function tilesOf({ pixels, outputs, inputs, kernel }) {
  const groups = Math.ceil(pixels / KERNEL.pixels) * Math.ceil(outputs / KERNEL.channels);
  const rounds = kernel ** 2 * Math.ceil(inputs / KERNEL.block);
  const each = KERNEL.pixels * KERNEL.channels * KERNEL.block;
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
