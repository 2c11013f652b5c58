/** Runs of each before the measured ones: the browser compiles what runs often a second time. */
export const WARM_UPS = 3;
/** Between two runs, in milliseconds: the threads of a pool keep spinning for a while after their work. */
const REST = 50;

/**
 * Interleaves the runs of these names, A B C A B C, so that other work on the machine affects all alike.
 * Returns the times of each, which `run` measures for a name. The page of bench/gpu.html uses this file,
 * too.
 */
export async function inTurn(names, { run, runs, warmUps = WARM_UPS, report }) {
  const times = new Map(names.map((name) => [name, []]));
  for (let round = -warmUps; round < runs; round++) {
    report(round < 0 ? "warming up" : `run ${round + 1} of ${runs}`);
    for (const name of names) {
      await new Promise((resolve) => setTimeout(resolve, REST));
      const milliseconds = await run(name);
      if (round >= 0) times.get(name).push(milliseconds);
    }
  }
  return times;
}
