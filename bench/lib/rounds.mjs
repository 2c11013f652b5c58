/** Runs of each before the measured ones: the browser compiles what runs often a second time. */
export const WARM_UPS = 3;
/** Between two runs, in milliseconds: a pool of threads goes on spinning for a while after its work. */
const REST = 50;

/**
 * Lets those with these names run in turn, A B C A B C: what else the machine does meets all alike.
 * Returns the times of each, which `run` gives for a name. The page of bench/gpu.html uses this file,
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
