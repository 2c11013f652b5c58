import type { LayerRow } from "resnet-web";

/** What a node of the drawing stands for. */
export type NodeKind = "layer" | "block" | "convolution" | "pool" | "attention" | "projection";

/** A box that stands for a row of the summary. */
export interface DrawnNode {
  /** The row's place in the summary. */
  row: number;
  kind: NodeKind;
  x: number;
  y: number;
  width: number;
  height: number;
  label: string;
}

/** A way that numbers take. `identity` is a shortcut that changes nothing. */
export interface DrawnEdge {
  kind: "flow" | "identity" | "projection";
  /** An SVG path. */
  path: string;
  /** Where a shortcut is added again. */
  sum?: { x: number; y: number };
}

/** One of the network's own children: the stem's layers together, a stage, the head's layers together. */
export interface DrawnBand {
  label: string;
  /** What comes out of it. */
  shape: readonly number[];
  y: number;
}

/** The drawing of a network; the origin is at the top left. */
export interface Drawing {
  width: number;
  height: number;
  nodes: DrawnNode[];
  edges: DrawnEdge[];
  bands: DrawnBand[];
}

const LEFT = 128;
const BLOCK = { width: 104, height: 76, gap: 40, perLine: 6 };
/** Of a block's name, below its bars. */
const CAPTION = 18;
/** Where numbers go through, below a block's top. */
const MIDDLE = (BLOCK.height - CAPTION) / 2 + 3;
const LAYER = { width: 122, height: 36 };
const PITCH = BLOCK.width + BLOCK.gap;
/** Above a block its shortcut passes. */
const ARC = 22;
const LINE = BLOCK.height + ARC + 26;
const PROJECTION = 18;
const WIDTH = LEFT + BLOCK.perLine * PITCH;
/** Of a convolution's bar: it grows with the logarithm of its channels. Poolings and attention are slim, without a label. */
const BAR = { least: 16, slim: 7, channels: [64, 2048] as const };
/** Between bars and around them: closer where there are slim ones, so that labels fit. */
const WIDE = { gap: 6, padding: 8 };
const CLOSE = { gap: 3, padding: 5 };

/** What a shortcut's layers are called, or begin with: torchvision's and the reference convention's. */
const SHORTCUTS = ["downsample", "shortcut"];
/** Which of a block's parts are drawn, by the row's kind; others follow a convolution or are added to it. */
const PARTS: Partial<Record<string, NodeKind>> = {
  Conv2d: "convolution",
  BlurPool2d: "pool",
  AvgPool2d: "pool",
  SEModule: "attention",
  EcaModule: "attention",
};
/** Rows of a shortcut that bring the input into the output's shape. */
const PROJECTIONS = ["Conv2d", "ZeroPad"];

/** A container of the tree that the rows are, or a leaf. */
interface Branch {
  row: number;
  children: Branch[];
}

/** Works out the drawing of a network from its rows, of either family and either kind of block. */
export function layout(rows: readonly LayerRow[]): Drawing {
  const drawing: Drawing = { width: WIDTH, height: 0, nodes: [], edges: [], bands: [] };
  let y = 16;
  let from: Point | undefined;
  for (const group of groups(tree(rows))) {
    const last = rows[group.at(-1)?.row ?? 0];
    const stage = group.find(isStage);
    const items = stage?.children ?? group.flatMap(leavesOf);
    const label = stage ? (last?.name ?? "") : drawing.bands.length === 0 ? "stem" : "head";
    drawing.bands.push({ label, shape: last?.outputShape ?? [], y });
    items.forEach((item, i) => {
      const x = LEFT + (i % BLOCK.perLine) * PITCH;
      const top = y + Math.floor(i / BLOCK.perLine) * LINE + ARC;
      const middle = top + MIDDLE;
      if (from) drawing.edges.push({ kind: "flow", path: flow(from, { x, y: middle }) });
      if (stage) drawBlock(drawing, rows, item, x, top);
      else drawLayer(drawing, rows, item, x, middle - LAYER.height / 2);
      from = { x: x + (stage ? BLOCK : LAYER).width, y: middle };
    });
    y += Math.ceil(items.length / BLOCK.perLine) * LINE;
  }
  drawing.height = y;
  return drawing;
}

interface Point {
  x: number;
  y: number;
}

function tree(rows: readonly LayerRow[]): Branch[] {
  const top: Branch[] = [];
  const open: Branch[] = [];
  rows.forEach(({ depth }, row) => {
    const branch = { row, children: [] };
    open.length = depth;
    (open[depth - 1]?.children ?? top).push(branch);
    open[depth] = branch;
  });
  return top;
}

/** The network's children, leaves that follow each other taken together: torchvision's stem and head have no container. */
function groups(top: readonly Branch[]): Branch[][] {
  const groups: Branch[][] = [];
  let joins = false;
  for (const branch of top) {
    if (joins && !isStage(branch)) groups.at(-1)?.push(branch);
    else groups.push([branch]);
    joins = !isStage(branch);
  }
  return groups;
}

/** Whether it holds blocks, which hold layers. */
function isStage(branch: Branch): boolean {
  return (branch.children[0]?.children.length ?? 0) > 0;
}

function leavesOf(branch: Branch): Branch[] {
  return branch.children.length > 0 ? branch.children.flatMap(leavesOf) : [branch];
}

function drawLayer(
  drawing: Drawing,
  rows: readonly LayerRow[],
  { row }: Branch,
  x: number,
  y: number,
) {
  const { kind, kernel } = rows[row] as LayerRow;
  const label = kernel ? `${kind} ${kernel.join("×")}` : kind;
  drawing.nodes.push({ row, kind: "layer", x, y, ...LAYER, label });
}

function drawBlock(
  drawing: Drawing,
  rows: readonly LayerRow[],
  block: Branch,
  x: number,
  y: number,
): void {
  const { width, height } = BLOCK;
  const { name } = rows[block.row] as LayerRow;
  drawing.nodes.push({ row: block.row, kind: "block", x, y, width, height, label: name });

  const isShortcut = ({ row }: Branch) => {
    const own = rows[row]?.name.slice(name.length + 1).split(".")[0] ?? "";
    return SHORTCUTS.includes(own);
  };
  const projection = block.children.find(
    (part) => isShortcut(part) && PROJECTIONS.includes(rows[part.row]?.kind ?? ""),
  );
  const parts = block.children.flatMap((part) => {
    const kind = PARTS[rows[part.row]?.kind ?? ""];
    return kind && !isShortcut(part) ? [{ ...part, kind }] : [];
  });
  const slim = parts.filter(({ kind }) => kind !== "convolution").length;
  const { gap, padding } = slim > 0 ? CLOSE : WIDE;
  const inner = width - 2 * padding - (parts.length - 1) * gap - slim * BAR.slim;
  let left = x + padding;
  for (const { row, kind } of parts) {
    const { outputShape, kernel } = rows[row] as LayerRow;
    const isSlim = kind !== "convolution";
    const barWidth = isSlim ? BAR.slim : inner / (parts.length - slim);
    const barHeight = barOf(outputShape[1] ?? 0);
    drawing.nodes.push({
      row,
      kind,
      x: left,
      y: y + MIDDLE - barHeight / 2,
      width: barWidth,
      height: barHeight,
      label: isSlim ? "" : (kernel?.join("×") ?? ""),
    });
    left += barWidth + gap;
  }

  const [middle, top] = [y + MIDDLE, y - ARC + 9];
  const [start, sum] = [x - 14, x + width + 12];
  drawing.edges.push({
    kind: projection ? "projection" : "identity",
    path: `M${start} ${middle}V${top + 8}Q${start} ${top} ${start + 8} ${top}H${sum - 8}Q${sum} ${top} ${sum} ${top + 8}V${middle}`,
    sum: { x: sum, y: middle },
  });
  if (projection) {
    drawing.nodes.push({
      row: projection.row,
      kind: "projection",
      x: x + width / 2 - PROJECTION,
      y: top - PROJECTION / 2,
      width: 2 * PROJECTION,
      height: PROJECTION,
      label: rows[projection.row]?.kernel?.join("×") ?? "0",
    });
  }
}

function barOf(channels: number): number {
  const [least, most] = BAR.channels.map(Math.log2) as [number, number];
  const part = (Math.log2(Math.max(channels, 1)) - least) / (most - least);
  const room = BLOCK.height - CAPTION - WIDE.padding - BAR.least;
  return BAR.least + Math.min(Math.max(part, 0), 1) * room;
}

/** From one box's right to the next one's left, in the same line or the next. */
function flow(from: Point, to: Point): string {
  if (from.y === to.y) return `M${from.x} ${from.y}H${to.x}`;
  const turn = Math.min(from.x + 26, WIDTH - 6);
  const between = to.y - LINE / 2 - 6;
  return `M${from.x} ${from.y}H${turn}V${between}H${to.x - 24}V${to.y}H${to.x}`;
}
