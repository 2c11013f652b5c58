/** Until when the browser keeps a note: for good, or as long as the tab is open. */
export type Keeping = "localStorage" | "sessionStorage";

/** What was noted, or null; also where the browser lets the page keep nothing. */
export function noted(keeping: Keeping, key: string): string | null {
  try {
    return globalThis[keeping].getItem(key);
  } catch {
    return null;
  }
}

/** Notes a value, or removes what was noted. Returns whether the browser keeps it. */
export function note(keeping: Keeping, key: string, value: string | null): boolean {
  try {
    if (value === null) globalThis[keeping].removeItem(key);
    else globalThis[keeping].setItem(key, value);
    return true;
  } catch {
    return false;
  }
}
