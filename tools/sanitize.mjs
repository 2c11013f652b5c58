import { command } from "./lib/command.mjs";
import { Fault } from "./lib/fault.mjs";
import { sanitize, sanitizers } from "./lib/sanitizers.mjs";
import { setUp } from "./lib/set-up.mjs";
import { step } from "./lib/steps.mjs";

const names = Object.keys(sanitizers);

const help = `
Runs the tests of the CPU's kernels and of the thread pool while something watches them:
ThreadSanitizer (tsan) finds data races, Miri (miri) any undefined behaviour.

  npm run sanitize [-- options]

  --only <name>  ${names.join(", ")}
  --help         show this text
`;

const options = { only: { type: "string" } };

await command({ help, options, main });

async function main({ only }) {
  if (only && !names.includes(only)) {
    throw new Fault(`There is no sanitizer "${only}"; choose ${names.join(", ")}.`);
  }
  await setUp();
  for (const name of only ? [only] : names) await step(name, (report) => sanitize(name, report));
}
