import { expect, it } from "vitest";
import { ERROR_GUIDE } from "./error-guide";

it("every code has what it means and what to do, in sentences", () => {
  const report = Object.entries(ERROR_GUIDE).flatMap(([code, { means, remedy }]) =>
    [means, remedy].filter((text) => !/^[A-Z`].*\.$/.test(text)).map((text) => `${code}: ${text}`),
  );
  expect(report).toEqual([]);
});
