import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** For tests: how many of these objects something still holds after garbage has been collected, many times if need be. */
export async function heldOf(objects: readonly WeakRef<object>[]): Promise<number> {
  let held = objects.length;
  for (let round = 0; round < 100 && held > 0; round += 1) {
    await setTimeout(20);
    collectGarbage();
    held = objects.filter((object) => object.deref()).length;
  }
  return held;
}
