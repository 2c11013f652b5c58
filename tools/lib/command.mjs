import { parseArgs } from "node:util";
import { Fault } from "./fault.mjs";
import { stopAll } from "./run.mjs";

/**
 * Runs one of our commands from the command line: reads its options, answers `--help`, prints a
 * Fault as plain text, and stops whatever is running on Ctrl-C.
 */
export async function command({ help, options, main, onFault = () => {} }) {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => {
      stopAll();
      console.log("\nStopped.");
      process.exit(130);
    });
  }
  try {
    const values = readOptions({ ...options, help: { type: "boolean" } });
    if (values.help) console.log(help.trim());
    else await main(values);
  } catch (error) {
    console.error(error instanceof Fault ? `\n${error.message}` : error);
    onFault();
    process.exitCode = 1;
  }
}

function readOptions(options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new Fault(`${error.message.split(". ")[0]}. See --help for the options there are.`);
  }
}
