import type { LayerRow } from "resnet-web";
import { describe, expect, it } from "vitest";
import { layout } from "./layout";

/** Rows of a network; `*` marks a convolution of three by three. */
function network(names: readonly string[]): LayerRow[] {
  return names.map((name, i) => {
    const depth = name.search(/\S/) / 2;
    const next = names[i + 1];
    const container = next !== undefined && next.search(/\S/) / 2 > depth;
    const [own = "", kind = container ? "Sequential" : "ReLU"] = name.trim().split(" ");
    const kernel: [number, number] | null = kind === "Conv2d" ? [3, 3] : null;
    const outputShape = [1, 64, 8, 8];
    const figures = { inputShape: outputShape, outputShape, parameters: 0, multiplyAdds: 0 };
    return { name: own, kind, depth, container, kernel, ...figures };
  });
}

function block(name: string, convolutions: number, shortcut?: string): string[] {
  const own = Array.from({ length: convolutions }, (_, i) => `    ${name}.conv${i + 1} Conv2d`);
  const projection = shortcut ? [`    ${name}.${shortcut}.0 Conv2d`] : [];
  return [`  ${name} Block`, ...own, ...projection, `    ${name}.relu`];
}

const TORCHVISION = network([
  "conv1 Conv2d",
  "relu",
  "maxpool MaxPool2d",
  "layer1",
  ...block("layer1.0", 3, "downsample"),
  ...block("layer1.1", 3),
  "layer2",
  ...Array.from({ length: 8 }, (_, i) => block(`layer2.${i}`, 3)).flat(),
  "avgpool AdaptiveAvgPool2d",
  "fc Linear",
]);

const SEED = network([
  "preliminary",
  "  preliminary.0 Conv2d",
  "  preliminary.2",
  "maxpool1 MaxPool2d",
  "layer1",
  ...block("layer1.0", 2),
  "layer2",
  ...block("layer2.0", 2, "shortcut"),
  "final",
  "  final.0 Flatten",
  "  final.1 Linear",
]);

const VARIANTS = network([
  "conv1.0 Conv2d",
  "conv1.1 BatchNorm2d",
  "conv1.3 Conv2d",
  "conv1.6 Conv2d",
  "layer1",
  "  layer1.0 BasicBlock",
  "    layer1.0.conv1 Conv2d",
  "    layer1.0.aa BlurPool2d",
  "    layer1.0.conv2 Conv2d",
  "    layer1.0.se",
  "      layer1.0.se.fc1 Conv2d",
  "      layer1.0.se.fc2 Conv2d",
  "    layer1.0.downsample.0 AvgPool2d",
  "    layer1.0.downsample.1 Conv2d",
  "    layer1.0.relu",
  "layer2",
  "  layer2.0 BasicBlock",
  "    layer2.0.conv1 Conv2d",
  "    layer2.0.conv2 Conv2d",
  "    layer2.0.downsample ZeroPad",
  "    layer2.0.relu",
  "avgpool AdaptiveAvgPool2d",
  "flatten Flatten",
]).map((row) => (row.name === "layer1.0.se" ? { ...row, kind: "SEModule" } : row));

describe.each([
  {
    name: "torchvision's bottlenecks",
    rows: TORCHVISION,
    bands: ["stem", "layer1", "layer2", "head"],
    nodes: { layer: 5, block: 10, convolution: 30, projection: 1 },
    edges: { flow: 14, identity: 9, projection: 1 },
  },
  {
    name: "the reference's blocks without bottleneck",
    rows: SEED,
    bands: ["stem", "layer1", "layer2", "head"],
    nodes: { layer: 5, block: 2, convolution: 4, projection: 1 },
    edges: { flow: 6, identity: 1, projection: 1 },
  },
  {
    name: "a deep stem, anti-aliasing, attention, an average or zeros on the shortcut, and no head",
    rows: VARIANTS,
    bands: ["stem", "layer1", "layer2", "head"],
    nodes: { layer: 6, block: 2, convolution: 4, pool: 1, attention: 1, projection: 2 },
    edges: { flow: 7, projection: 2 },
  },
])("$name", ({ rows, bands, nodes, edges }) => {
  const drawing = layout(rows);
  const count = (kinds: readonly { kind: string }[]) =>
    Object.fromEntries(
      [...new Set(kinds.map(({ kind }) => kind))].map((kind) => [
        kind,
        kinds.filter((other) => other.kind === kind).length,
      ]),
    );

  it("is drawn whole", () => {
    expect(drawing.bands.map(({ label }) => label)).toEqual(bands);
    expect(count(drawing.nodes)).toEqual(nodes);
    expect(count(drawing.edges)).toEqual(edges);
  });

  it("has a box for each layer but those that follow a block's convolution", () => {
    const drawn = drawing.nodes.map(({ row }) => rows[row]?.name);
    expect(new Set(drawn).size).toBe(drawn.length);
    const blocks = drawing.nodes.filter(({ kind }) => kind === "block");
    expect(blocks.every(({ row, label }) => rows[row]?.name === label)).toBe(true);
  });

  it("stays on the page, and nothing covers what it does not hold", () => {
    const boxes = drawing.nodes;
    const faults = boxes.filter(
      ({ x, y, width, height }) =>
        x < 0 || y < 0 || x + width > drawing.width || y + height > drawing.height,
    );
    const flat = boxes.filter(({ kind }) => ["layer", "block", "projection"].includes(kind));
    for (const a of flat) {
      for (const b of flat) {
        const apart =
          a.x + a.width <= b.x ||
          b.x + b.width <= a.x ||
          a.y + a.height <= b.y ||
          b.y + b.height <= a.y;
        if (a !== b && !apart) faults.push(a);
      }
    }
    expect(faults).toEqual([]);
  });
});
