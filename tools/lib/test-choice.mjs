import { Fault } from "./fault.mjs";
import { takesWords } from "./test-kinds.mjs";

/**
 * The steps to run, in the table's order: all, or those named with what they need. A step that another only comes `after`
 * is left out unless it is named.
 *
 * @param table all test steps
 * @param names of those that are asked for; undefined for all
 * @param words for the test runners of the steps that are named
 * @returns each step with its own words
 */
export function chooseSteps(table, names, words = []) {
  checkNames(table, names);
  if (words.length > 0) checkWords(table, names);
  const wanted = new Set();
  const want = (name) => {
    for (const needed of stepNamed(table, name).needs ?? []) want(needed);
    wanted.add(name);
  };
  for (const name of names ?? table.map(({ name }) => name)) want(name);
  return table
    .filter(({ name }) => wanted.has(name))
    .map((step) => ({ ...step, words: names?.includes(step.name) ? words : [] }));
}

function checkNames(table, names = []) {
  for (const name of names) {
    if (stepNamed(table, name)) continue;
    throw new Fault(`There is no test step "${name}"; --list shows those there are.`);
  }
}

/** Words mean one thing to one runner and another to the next, so they are for steps that are named. */
function checkWords(table, names) {
  if (!names) {
    throw new Fault(
      "Words after -- are for one step's test runner; name the step, as in `npm test -- --only page -- -g camera`.",
    );
  }
  const without = names.filter((name) => !takesWords(stepNamed(table, name)));
  if (without.length === 0) return;
  const able = table.filter(takesWords).map(({ name }) => name);
  throw new Fault(
    `${without.join(", ")} cannot run a part of its tests; leave out the words after --, or choose ${able.join(", ")}.`,
  );
}

function stepNamed(table, wanted) {
  return table.find(({ name }) => name === wanted);
}
