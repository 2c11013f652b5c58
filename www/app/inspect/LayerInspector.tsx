import type { GpuTimes, LayerRow, LoadedModel, SeenLayer } from "resnet-web";
import { grouped, scaled, shape } from "../format";
import { useStore } from "../store/context";
import { strings } from "../strings";
import { FeatureMapGrid } from "./FeatureMapGrid";
import { gpuMillisecondsOf, millisecondsOf, placeOf } from "./places";
import "./inspect.css";

const text = strings.inspect;

/** One layer: what it is, and what the photo made of it. */
export function LayerInspector({ model }: { model: LoadedModel }) {
  const { inspection: store, photo, camera } = useStore();
  const { inspection, looking, error } = store.state.value;
  const selected = store.layer.value;
  const hasPhoto = photo.photo.value !== null && !camera.on.value;
  const { rows } = model.summary;
  const row = selected === null ? undefined : rows[selected];
  const place =
    inspection && selected !== null ? placeOf(rows, selected, inspection.layers) : undefined;
  const seen = place === undefined ? undefined : inspection?.layers[place];
  const total = inspection?.layers.reduce((sum, layer) => sum + layer.milliseconds, 0) ?? 0;
  const time =
    inspection && selected !== null ? millisecondsOf(rows, selected, inspection.layers) : 0;

  return (
    <section class="card inspector" id="inspector" aria-labelledby="inspector-heading">
      <div class="inspector-head">
        <h2 id="inspector-heading">{text.heading}</h2>
        <label>
          {text.choose}{" "}
          <select
            value={selected ?? ""}
            onChange={(event) => store.choose(Number(event.currentTarget.value))}
          >
            {selected === null && <option value="">{text.none}</option>}
            {rows.map((row, i) => (
              <option key={`${row.name} ${row.kind} ${i}`} value={i}>
                {"\u2003".repeat(row.depth)}
                {row.name} ({row.kind})
              </option>
            ))}
          </select>
        </label>
      </div>
      {row ? (
        <>
          <h3>
            <code>{row.name}</code> <span class="fine">{row.kind}</span>
          </h3>
          <dl class="layer-facts">
            <Fact name={text.input} value={shape(row.inputShape)} />
            <Fact name={text.output} value={shape(row.outputShape)} />
            <Fact name={text.kernel} value={row.kernel?.join("×") ?? "–"} />
            <Fact name={text.parameters} value={grouped(row.parameters)} />
            <Fact name={text.multiplyAdds} value={scaled(row.multiplyAdds)} />
            {inspection && (
              <Fact name={text.time} value={text.share(time, total > 0 ? time / total : 0)} />
            )}
            {inspection?.gpu && selected !== null && (
              <Fact name={text.gpuTime} value={timeOnGpu(rows, selected, inspection.gpu)} />
            )}
          </dl>
          {inspection?.gpu && (
            <p class="fine">
              {inspection.gpu.taken === "timestamps" ? text.gpuNote : text.gpuCoarse}
            </p>
          )}
        </>
      ) : (
        <p class="placeholder">{text.prompt}</p>
      )}
      {row && !inspection && (
        <button type="button" class="primary" disabled={!hasPhoto || looking} onClick={store.look}>
          {looking ? text.looking : hasPhoto ? text.look : text.photoFirst}
        </button>
      )}
      <p class="visually-hidden" role="status">
        {looking ? text.looking : inspection ? text.looked(inspection.layers.length) : ""}
      </p>
      {error && (
        <p class="fault" role="alert">
          {error.message}
        </p>
      )}
      {row && inspection && !seen && <p class="fine">{text.unseen}</p>}
      {row && seen && place !== undefined && (
        <>
          <Spread {...seen} />
          <FeatureMapGrid
            key={`${place} ${inspection?.width}`}
            layer={row.name}
            place={place}
            channels={seen.shape[0]}
          />
          <p class="fine">{text.note}</p>
        </>
      )}
    </section>
  );
}

/** How long the GPU takes for a row, in words. */
function timeOnGpu(rows: readonly LayerRow[], index: number, times: GpuTimes): string {
  if (times.taken === "coarse") return text.gpuWhole(times.milliseconds);
  const own = gpuMillisecondsOf(rows, index, times.layers);
  if (own !== undefined) {
    const total = times.layers.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    return text.share(own, own / total);
  }
  const kind = rows[index]?.kind;
  return kind === "BatchNorm2d" || kind === "ReLU" ? text.gpuFused : text.gpuNone;
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const WIDTH = 320;
const HEIGHT = 80;

/** How a layer's activations spread: a histogram, whose bars are logarithmic so that few are seen beside many. */
function Spread({ statistics, shape: [channels] }: SeenLayer) {
  const { min, max, mean, deviation, dead, histogram } = statistics;
  const highest = Math.log1p(Math.max(...histogram));
  const width = WIDTH / histogram.length;
  const at = (value: number) => (max > min ? ((value - min) / (max - min)) * WIDTH : 0);
  return (
    <div class="spread">
      <h4>{text.spread}</h4>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text.range(min, max, mean)}>
        {histogram.map((count, i) => {
          const height = highest > 0 ? (Math.log1p(count) / highest) * (HEIGHT - 2) : 0;
          const key = `bin ${i}`;
          return (
            <rect key={key} x={i * width} y={HEIGHT - height} width={width - 1} height={height} />
          );
        })}
        <line class="mean" x1={at(mean)} x2={at(mean)} y1={0} y2={HEIGHT} />
      </svg>
      <p class="fine">
        {text.range(min, max, mean)} {text.deviation(deviation)} {text.dead(dead, channels)}
      </p>
    </div>
  );
}
