import { Fault } from "../../tools/lib/fault.mjs";

/** The whole numbers above zero that an option names, separated by commas. */
export function numbersIn(option, text) {
  const numbers = text.split(",").map(Number);
  if (numbers.every((number) => Number.isInteger(number) && number > 0)) return numbers;
  throw new Fault(`--${option} takes whole numbers above zero, not "${text}".`);
}
