/** A Markdown table of times, with the ratio of each of our f32 modules to every other contender. */
export function speedTable(rows) {
  const ours = rows.filter(isOurs);
  const head = ["", "median", "minimum", "p90", ...ours.map((our) => `${our.name} / this`)];
  const body = rows.map(({ name, median, minimum, p90 }) => {
    const ratios = ours.map((our) =>
      our.name === name || isInt8({ name }) ? "" : (our.median / median).toFixed(2),
    );
    return [name, ...[median, minimum, p90].map(inMilliseconds), ...ratios];
  });
  return table(head, body);
}

/** A Markdown table of networks' times, and what multiple each is of the first one's. */
export function familyTable(rows) {
  const [first] = rows;
  const head = ["", "median", "minimum", "p90", "of the first", "of its minimum"];
  const body = rows.map(({ name, median, minimum, p90 }) => {
    const ratios = [median / first.median, minimum / first.minimum];
    const times = [median, minimum, p90].map(inMilliseconds);
    return [name, ...times, ...ratios.map((ratio) => ratio.toFixed(2))];
  });
  return table(head, body);
}

/** A Markdown table of the engines' times, and of which module each takes. */
export function enginesTable(rows) {
  const head = ["", "threads", "module", "median", "minimum", "p90"];
  const body = rows.map(({ name, threads, wanted, module, median, minimum, p90 }) => [
    name,
    threads === wanted ? String(threads) : `${threads} (of ${wanted})`,
    module,
    ...[median, minimum, p90].map(inMilliseconds),
  ]);
  return table(head, body);
}

/** A Markdown table of first visits. */
export function coldTable(rows) {
  const head = ["", "first result, median", "minimum", "downloaded", "memory, at most"];
  const body = rows.map(({ name, median, minimum, bytes, memory }) => [
    name,
    ...[median, minimum].map(inMilliseconds),
    ...[bytes, memory].map(inMegabytes),
  ]);
  return table(head, body);
}

/**
 * A Markdown table of one model's medians over sizes and batches (a time is that of a whole batch).
 * In brackets, our fastest f32 median on the same number of threads, divided by it.
 */
export function sweepTable(heats) {
  const head = ["", ...heats.map(({ size, batch }) => `${size}x${size}, batch ${batch}`)];
  const body = heats[0].contenders.map(({ name }) => [
    name,
    ...heats.map(({ contenders }) => cellOf(name, contenders)),
  ]);
  return table(head, body);
}

function cellOf(name, rows) {
  const { median, threads } = rows.find((row) => row.name === name);
  const ours = rows.filter((row) => isOurs(row) && row.threads === threads);
  const fastest = Math.min(...ours.map((our) => our.median));
  // None of ours computes on as many threads, or this is it, or it does not compute the same.
  if (ours.length === 0 || median === fastest || isInt8({ name })) return inMilliseconds(median);
  return `${inMilliseconds(median)} (${(fastest / median).toFixed(2)})`;
}

/**
 * A Markdown table of how far int8 is from f32 on views, as lib/agreement.mjs measured them: on all, and
 * on those where f32 finds its first class more probable than all others together.
 */
export function agreementTable(views) {
  const columns = [views, views.filter(({ probability }) => probability > 0.5)];
  const rows = {
    views: (views) => String(views.length),
    "the same first class": (views) => share(views, ({ rank }) => rank === 1),
    "f32's first class among int8's five": (views) => share(views, ({ rank }) => rank <= 5),
    "probability of f32's first class, mean change": (views) =>
      inPoints(changesOf(views).reduce((sum, change) => sum + change, 0) / views.length),
    "the same, largest change": (views) => inPoints(Math.max(...changesOf(views))),
  };
  const body = Object.entries(rows).map(([title, cell]) => [title, ...columns.map(cell)]);
  return table(["", "all views", "f32 gives its first class more than 0.5"], body);
}

function share(views, holds) {
  const count = views.filter(holds).length;
  return `${count} (${((100 * count) / views.length).toFixed(1)} %)`;
}

function changesOf(views) {
  return views.map(({ probability, probabilityInt8 }) => Math.abs(probabilityInt8 - probability));
}

function inPoints(change) {
  return `${(100 * change).toFixed(2)} points`;
}

/** How fast the processor counts, as lib/roofline.mjs measured it. */
export function clockLine({ clock, threads }) {
  const each = inBillions(clock.many.median / threads);
  return `Clock: ${inBillions(clock.one.median)} GHz, with ${threads} threads at once ${each} GHz.`;
}

/** A Markdown table of multiply-adds in a second; of floating point also as operations, two each. */
export function arithmeticTable({ clock, threads, arithmetic }) {
  const head = ["10⁹ multiply-adds/s", ...rateHeads(threads), "steps/cycle", "GFLOP/s", "best"];
  const body = arithmetic.map(({ title, multiplyAdds, float, one, many }) => {
    const operations = [one.median, one.best].map((rate) => inBillions(2 * multiplyAdds * rate));
    return [
      title,
      ...ratesOf({ one, many }, multiplyAdds),
      (one.median / clock.one.median).toFixed(2),
      ...(float ? operations : ["", ""]),
    ];
  });
  return table(head, body);
}

/** A Markdown table of bytes read in a second, over memory of several sizes. */
export function readingTable({ threads, reading }) {
  const head = ["GB/s read", ...rateHeads(threads)];
  const body = reading.map(({ title, bytes, steps, one, many }) => [
    title,
    ...ratesOf({ one, many }, bytes / steps),
  ]);
  return table(head, body);
}

function rateHeads(threads) {
  return ["1 thread", "best", `${threads} threads`, "best", "of 1 thread"];
}

/** Rates of steps as rates of what each step does `factor` of. */
function ratesOf({ one, many }, factor) {
  const rates = [one.median, one.best, many.median, many.best];
  return [...rates.map((rate) => inBillions(factor * rate)), (many.median / one.median).toFixed(2)];
}

/** Those that can be compared with the others: this project's in f32. */
function isOurs({ name }) {
  return name.startsWith("resnet-web") && !isInt8({ name });
}

function isInt8({ name }) {
  return name.includes("int8");
}

/** A Markdown table; all columns but the first are numbers. */
export function table(head, body) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((row) => row[i].length)));
  const padded = (row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
  const rule = widths.map((width, i) =>
    i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [padded(head), rule, ...body.map(padded)].map(line).join("\n");
}

function inMilliseconds(value) {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

function inMegabytes(bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function inBillions(value) {
  return (value / 1e9).toFixed(value < 100e9 ? 1 : 0);
}
