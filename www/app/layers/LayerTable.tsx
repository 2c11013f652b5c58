import { useMemo, useState } from "preact/hooks";
import type { LayerRow, LoadedModel } from "resnet-web";
import { plain } from "../file-text";
import { grouped, megabytes, scaled, shape } from "../format";
import { useStore } from "../store/context";
import { strings } from "../strings";
import { ExportButtons } from "./ExportButtons";
import { memoryOf, outputBytes } from "./export";
import { visibleRows } from "./rows";
import "./layers.css";

const text = strings.layers;

/** Every layer of the network: containers open and close, and each can be looked into. */
export function LayerTable({ model }: { model: LoadedModel }) {
  const { state, layer, choose } = useStore().inspection;
  const selected = layer.value;
  const { info, summary } = model;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => visibleRows(summary.rows, open), [summary, open]);
  const memory = memoryOf(summary);
  const containers = summary.rows.filter((row) => row.container);
  const allOpen = open.size === containers.length;

  const toggle = (name: string) => {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    setOpen(next);
  };

  return (
    <section class="card layers" aria-labelledby="layers-heading">
      <div class="layers-head">
        <div>
          <h2 id="layers-heading">{text.heading}</h2>
          <p class="fine">{text.intro}</p>
        </div>
        <button
          type="button"
          onClick={() => setOpen(new Set(allOpen ? [] : containers.map((row) => row.name)))}
        >
          {allOpen ? text.collapseAll : text.expandAll}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard. */}
      <section class="table-box" tabIndex={0} aria-label={text.caption(plain(info.architecture))}>
        <table>
          <caption class="visually-hidden">{text.caption(plain(info.architecture))}</caption>
          <thead>
            <tr>
              <th scope="col">{text.columns.name}</th>
              <th scope="col">{text.columns.kind}</th>
              <th scope="col">{text.columns.input}</th>
              <th scope="col">{text.columns.output}</th>
              <th scope="col" class="number">
                {text.columns.parameters}
              </th>
              <th scope="col" class="number">
                {text.columns.multiplyAdds}
              </th>
              <th scope="col" class="number">
                {text.columns.memory}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row
                key={summary.rows.indexOf(row)}
                row={row}
                selected={selected !== null && summary.rows[selected] === row}
                onSelect={() => choose(summary.rows.indexOf(row))}
                open={open.has(row.name)}
                onToggle={toggle}
              />
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colSpan={4}>
                {text.total}
              </th>
              <td class="number">{grouped(summary.parameters)}</td>
              <td class="number">{scaled(summary.multiplyAdds)}</td>
              <td class="number">{text.megabytes(megabytes(memory.outputs))}</td>
            </tr>
          </tfoot>
        </table>
      </section>
      <p class="fine">
        {text.memory(
          megabytes(memory.input),
          megabytes(memory.outputs),
          megabytes(memory.parameters),
        )}
      </p>
      <ExportButtons model={model} inspection={state.value.inspection} />
    </section>
  );
}

interface RowProps {
  row: LayerRow;
  selected: boolean;
  onSelect: () => void;
  open: boolean;
  onToggle: (name: string) => void;
}

function Row({ row, selected, onSelect, open, onToggle }: RowProps) {
  return (
    <tr
      class={row.container ? "container" : undefined}
      data-layer={row.name}
      aria-current={selected ? "true" : undefined}
    >
      <th scope="row" style={{ paddingInlineStart: `${0.75 + 1.25 * row.depth}rem` }}>
        {row.container ? (
          <button
            type="button"
            class="toggle"
            aria-expanded={open}
            onClick={() => onToggle(row.name)}
          >
            {row.name}
          </button>
        ) : (
          <button type="button" class="look" onClick={onSelect}>
            {row.name}
          </button>
        )}
        {row.container && (
          <button
            type="button"
            class="look"
            aria-label={text.lookInto(row.name)}
            onClick={onSelect}
          >
            {text.look}
          </button>
        )}
      </th>
      <td>{row.kernel ? `${row.kind} ${row.kernel.join("×")}` : row.kind}</td>
      <td class="shape">{shape(row.inputShape)}</td>
      <td class="shape">{shape(row.outputShape)}</td>
      <td class="number">{row.parameters === 0 ? "–" : grouped(row.parameters)}</td>
      <td class="number">{row.multiplyAdds === 0 ? "–" : scaled(row.multiplyAdds)}</td>
      <td class="number">{text.megabytes(megabytes(outputBytes(row)))}</td>
    </tr>
  );
}
