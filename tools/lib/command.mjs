import { parseArgs } from "node:util";
import { Fault } from "./fault.mjs";
import { stopAll } from "./run.mjs";

/**
 * Runs one of our commands from the command line: reads its options, answers `--help`, prints a
 * Fault as plain text, and stops whatever is running on Ctrl-C.
 *
 * @param options as for Node's `parseArgs`
 * @param main gets the options' values and, where the command `passesOn` them, the words after `--`
 */
export async function command({ help, options, main, passesOn = false, onFault = () => {} }) {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => {
      stopAll();
      console.log("\nStopped.");
      process.exit(130);
    });
  }
  try {
    const { args, words } = passesOn ? splitWords(process.argv.slice(2)) : {};
    const values = readOptions({ ...options, help: { type: "boolean" } }, args);
    if (values.help) console.log(help.trim());
    else await main(values, words);
  } catch (error) {
    console.error(error instanceof Fault ? `\n${error.message}` : error);
    onFault();
    process.exitCode = 1;
  }
}

/** Our own arguments, and the words after `--`, which are for another program. */
function splitWords(args) {
  const end = args.indexOf("--");
  if (end < 0) return { args, words: [] };
  return { args: args.slice(0, end), words: args.slice(end + 1) };
}

function readOptions(options, args = process.argv.slice(2)) {
  try {
    return parseArgs({ options, args }).values;
  } catch (error) {
    throw new Fault(`${error.message.split(". ")[0]}. See --help for the options there are.`);
  }
}
