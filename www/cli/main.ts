#!/usr/bin/env node
import { ResNetError } from "resnet-web/node";
import { classify } from "./classify";
import { type Command, Obstacle, parsed, UsageError } from "./command";
import { convert } from "./convert";
import { plain, sayError } from "./output";
import { serve } from "./serve";
import { site } from "./site";
import { summary } from "./summary";

const COMMANDS: Record<string, Command> = { classify, summary, convert, serve, site };

const HELP = `resnet-web: ResNet image classification, on this machine's CPU or as a page of your own

  npx resnet-web classify PHOTO...   print the most probable classes of photos
  npx resnet-web summary [WEIGHTS]   print the layers of a weight file's network
  npx resnet-web convert WEIGHTS OUT write any weight file as safetensors
  npx resnet-web serve               serve the whole page from this machine
  npx resnet-web site                make a folder with a page for weights of your own

  npx resnet-web COMMAND --help      show a command's options
  npx resnet-web --version           show the version

It exits with 0 if all went well, 1 if something could not be read or done, 2 if it was called in a wrong way.
`;

/** Runs a command line, and returns the exit code. */
async function run([name, ...words]: string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(HELP);
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    process.stdout.write(`${await version()}\n`);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    if (!command) {
      throw new UsageError(
        `There is no command "${plain(name)}". Choose ${Object.keys(COMMANDS).join(", ")}.`,
      );
    }
    const call = parsed(command, words);
    if (call) return await command.run(call);
    process.stdout.write(command.help);
    return 0;
  } catch (thrown) {
    if (thrown instanceof UsageError) {
      const about = command ? `${name} --help` : "--help";
      sayError(`${thrown.message} See: npx resnet-web ${about}`);
      return 2;
    }
    sayError(thrown instanceof Error ? thrown.message : String(thrown));
    if (!isExpected(thrown)) sayError("This is not expected: please report it.");
    return 1;
  }
}

/** Whether an error is about what the command line names, and not a fault of ours. */
function isExpected(thrown: unknown): boolean {
  // The system's errors about files have the call that failed.
  const isOfSystem = thrown instanceof Error && "syscall" in thrown;
  return isOfSystem || thrown instanceof ResNetError || thrown instanceof Obstacle;
}

async function version(): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return JSON.parse(await readFile(`${import.meta.dirname}/../package.json`, "utf8")).version;
}

// The reader of a pipe has seen enough, as `head` has after ten lines.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  process.exit(code === "EPIPE" ? 0 : 1);
});
process.exitCode = await run(process.argv.slice(2));
