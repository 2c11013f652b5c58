const COLUMNS = ["Median", "Minimum", "First result", "Ours / this", "Difference"];
/** The limits that a convolution comes up against, and those that say most about an adapter. */
const LIMITS = [
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupStorageSize",
  "maxStorageBuffersPerShaderStage",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
];
const FEATURES = ["shader-f16", "timestamp-query", "subgroups"];

/** What an adapter says of itself, as lines of a `dl`. */
export function showAdapter(list, adapter) {
  list.replaceChildren(
    ...linesOf(adapter).flatMap(([name, value]) => [element("dt", name), element("dd", value)]),
  );
}

function linesOf({ failure, features, limits, ...said }) {
  if (failure !== undefined) return [["WebGPU", failure]];
  const told = Object.entries(said).filter(([, value]) => value !== undefined && value !== "");
  return [
    ...told.map(([name, value]) => [name, String(value)]),
    ...FEATURES.map((name) => [name, features.includes(name) ? "yes" : "no"]),
    ...LIMITS.map((name) => [name, limits[name]?.toLocaleString("en") ?? "unknown"]),
  ];
}

/** A table for one model; returns what fills it with the rows of heat.mjs. */
export function addTable(place, title) {
  const table = element("table");
  const head = element("tr", ...["", ...COLUMNS].map((name) => element("th", name)));
  for (const cell of head.cells) cell.scope = "col";
  const body = element("tbody");
  table.append(element("caption", title), element("thead", head), body);
  place.append(table);
  return (rows) => body.replaceChildren(...rows.map(rowOf));
}

function rowOf(row) {
  const name = element("th", row.name);
  name.scope = "row";
  if (row.failure !== undefined) {
    const cell = element("td", `failed: ${row.failure}`);
    cell.className = "failure";
    cell.colSpan = COLUMNS.length;
    return element("tr", name, cell);
  }
  const { median, minimum, loadMilliseconds, firstRunMilliseconds, ours, difference, wrong } = row;
  const values = [
    inMilliseconds(median),
    inMilliseconds(minimum),
    inMilliseconds(loadMilliseconds + firstRunMilliseconds),
    ours?.toFixed(2) ?? "",
    wrong ? `${difference.toExponential(1)}, wrong` : (difference?.toExponential(1) ?? ""),
  ];
  const cells = values.map((value, i) => {
    const cell = element("td", value);
    cell.dataset.label = COLUMNS[i];
    return cell;
  });
  if (wrong) cells.at(-1).className = "wrong";
  return element("tr", name, ...cells);
}

/** Nothing where nothing has been measured yet. */
function inMilliseconds(value) {
  if (!Number.isFinite(value)) return "";
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}
