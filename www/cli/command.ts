import { type ParseArgsConfig, parseArgs } from "node:util";

/** A command line that is wrong. The message says what is, and what is expected. */
export class UsageError extends Error {}

/** What keeps a command from its end, in words for the person who called it. */
export class Obstacle extends Error {}

/** What a command is called with. */
export interface Call {
  /** Options that take a value. */
  values: Record<string, string | undefined>;
  /** Options that take none. */
  flags: Record<string, boolean | undefined>;
  /** What is no option. */
  words: string[];
}

/** A command. */
export interface Command {
  help: string;
  /** The names of its options that take a value. */
  values?: readonly string[];
  /** The names of its options that take none. */
  flags?: readonly string[];
  /** How many words it takes beside options, at least and at most. */
  words: readonly [least: number, most: number];
  /** Returns the exit code. */
  run(call: Call): Promise<number>;
}

/** Reads a command's arguments; null if they ask for help. */
export function parsed({ values, flags, words }: Command, args: string[]): Call | null {
  const options: NonNullable<ParseArgsConfig["options"]> = {
    help: { type: "boolean", short: "h" },
  };
  for (const name of values ?? []) options[name] = { type: "string" };
  for (const name of flags ?? []) options[name] = { type: "boolean" };
  let found: ReturnType<typeof parseArgs>;
  try {
    found = parseArgs({ args: withNegativeNumbers(args, values), options, allowPositionals: true });
  } catch (thrown) {
    // Node's first sentence: the others are about `--` and `=`.
    const [sentence] = (thrown as Error).message.split(/\.?\n|\. |\.$/);
    throw new UsageError(`${sentence}.`);
  }
  if (found.values.help) return null;
  const empty = Object.keys(found.values).find((name) => found.values[name] === "");
  if (empty !== undefined) throw new UsageError(`--${empty} has an empty value.`);
  if (found.positionals.includes("")) throw new UsageError("One of the arguments is empty.");
  const [least, most] = words;
  if (found.positionals.length < least) throw new UsageError("Something to work on is missing.");
  if (found.positionals.length > most) {
    throw new UsageError(`There is no use for "${found.positionals[most]}".`);
  }
  const entries = Object.entries(found.values);
  return {
    values: Object.fromEntries(entries.filter(([, value]) => typeof value === "string")),
    flags: Object.fromEntries(entries.filter(([, value]) => typeof value === "boolean")),
    words: found.positionals,
  } as Call;
}

/** Joins options to negative numbers, which parseArgs takes for options themselves: what is wrong with -1 is its range. */
function withNegativeNumbers(args: string[], values: Command["values"] = []): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const option = joined.at(-1) ?? "";
    const isValue = /^-\d/.test(arg) && values.some((name) => option === `--${name}`);
    if (isValue) joined[joined.length - 1] = `${option}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** An option's number, which has to be an integer of this range. */
export function integer(
  { values }: Call,
  name: string,
  [least, most]: readonly [number, number],
): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`--${name} takes an integer from ${least} to ${most}, not "${text}".`);
}

/** An option's value, which has to be one of these. */
export function oneOf<T extends string>(
  { values }: Call,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = values[name];
  if (text === undefined || choices.includes(text as T)) return text as T | undefined;
  throw new UsageError(`--${name} takes ${choices.join(" or ")}, not "${text}".`);
}
