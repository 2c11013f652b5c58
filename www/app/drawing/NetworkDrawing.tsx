import { useMemo, useRef } from "preact/hooks";
import type { LayerRow, LoadedModel } from "resnet-web";
import { plain } from "../file-text";
import { shape } from "../format";
import { useStore } from "../store/context";
import { strings } from "../strings";
import { type DrawnNode, layout } from "./layout";
import "./drawing.css";

const text = strings.drawing;
const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** The network, drawn: stem, stages, blocks with their shortcuts, head. One stop for the tab key, then arrows. */
export function NetworkDrawing({ model }: { model: LoadedModel }) {
  const { layer, choose } = useStore().inspection;
  const selected = layer.value;
  const { rows } = model.summary;
  const drawing = useMemo(() => layout(rows), [rows]);
  const svg = useRef<SVGSVGElement>(null);
  const chosen = drawing.nodes.findIndex(({ row }) => row === selected);

  const onKeyDown = (event: KeyboardEvent, place: number) => {
    const step = STEPS[event.key];
    const isPressed = event.key === "Enter" || event.key === " ";
    if (step === undefined && !isPressed) return;
    event.preventDefault();
    if (isPressed) return choose(drawing.nodes[place]?.row ?? 0);
    svg.current?.querySelectorAll<SVGElement>(".node")[place + (step ?? 0)]?.focus();
  };

  return (
    <section class="card drawing" aria-labelledby="drawing-heading">
      <h2 id="drawing-heading">{text.heading}</h2>
      <p class="fine">{text.intro}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard. */}
      <section class="drawing-box" tabIndex={0} aria-label={text.box}>
        {/* biome-ignore lint/a11y/useSemanticElements: a drawing has no fieldset of HTML's. */}
        <svg
          ref={svg}
          viewBox={`0 0 ${drawing.width} ${drawing.height}`}
          role="group"
          aria-label={text.alt(plain(model.info.architecture))}
        >
          {drawing.bands.map(({ label, shape: [, ...size], y }, i) => (
            <g key={label} class={`band band-${i}`}>
              <text x={4} y={y + 46} class="band-label">
                {label}
              </text>
              <text x={4} y={y + 64} class="band-shape">
                {size.join("×")}
              </text>
            </g>
          ))}
          {drawing.edges.map(({ kind, path, sum }) => (
            <g key={path} class={`edge edge-${kind}`}>
              <path d={path} />
              {sum && <circle cx={sum.x} cy={sum.y} r={7} />}
              {sum && <path d={`M${sum.x - 4} ${sum.y}h8M${sum.x} ${sum.y - 4}v8`} />}
            </g>
          ))}
          {drawing.nodes.map((node, place) => (
            <Node
              key={node.row}
              {...node}
              name={nameOf(rows[node.row] as LayerRow, node)}
              pressed={node.row === selected}
              stop={place === Math.max(chosen, 0)}
              onPress={() => choose(node.row)}
              onKeyDown={(event) => onKeyDown(event, place)}
            />
          ))}
        </svg>
      </section>
    </section>
  );
}

interface NodeProps extends DrawnNode {
  name: string;
  pressed: boolean;
  /** Whether the tab key stops here. */
  stop: boolean;
  onPress: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

function Node({ kind, name, label, pressed, stop, onPress, onKeyDown, ...box }: NodeProps) {
  const { x, y, width, height } = box;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing has no button of HTML's.
    <g
      class={`node node-${kind}`}
      role="button"
      tabindex={stop ? 0 : -1}
      aria-pressed={pressed}
      aria-label={name}
      onClick={(event) => {
        event.stopPropagation();
        onPress();
      }}
      onKeyDown={onKeyDown}
    >
      <title>{name}</title>
      <rect x={x} y={y} width={width} height={height} rx={kind === "block" ? 10 : 5} />
      <text x={x + width / 2} y={kind === "block" ? y + height - 10 : y + height / 2}>
        {label}
      </text>
    </g>
  );
}

/** What a node is called aloud: with what stands in it. */
function nameOf({ name, kind, outputShape }: LayerRow, { kind: drawn, label }: DrawnNode): string {
  const what = {
    layer: label,
    block: kind,
    convolution: `${label} ${kind}`,
    pool: kind,
    attention: kind,
    projection: `${label} ${text.projection}`,
  }[drawn];
  return `${name}, ${what}, ${shape(outputShape)}`;
}
