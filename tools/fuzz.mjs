import { command } from "./lib/command.mjs";
import { Fault } from "./lib/fault.mjs";
import { buildFuzzTargets, fuzz, fuzzTargets } from "./lib/fuzzing.mjs";
import { setUp } from "./lib/set-up.mjs";
import { step } from "./lib/steps.mjs";

const help = `
Changes real weight files at random and reads what comes out, in search of a panic, a hang, or a
file that takes more memory than it has bytes. What is found is kept in target/fuzz/artifacts.

  npm run fuzz [-- options]

  --seconds <count>  how long for each target (3600)
  --only <target>    ${fuzzTargets.join(", ")}
  --help             show this text
`;

const options = {
  seconds: { type: "string", default: "3600" },
  only: { type: "string" },
};

await command({ help, options, main });

async function main({ seconds, only }) {
  const count = Number(seconds);
  if (!(count > 0)) throw new Fault(`"${seconds}" is no number of seconds.`);
  if (only && !fuzzTargets.includes(only)) {
    throw new Fault(`There is no target "${only}"; choose ${fuzzTargets.join(", ")}.`);
  }
  await setUp();
  await step("fuzz targets", buildFuzzTargets);
  for (const target of only ? [only] : fuzzTargets) {
    await step(target, async (report) => `${await fuzz(target, count, { report })} files read`);
  }
}
