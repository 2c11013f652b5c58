import { openContender } from "./contender.mjs";

const open = new Map();

/** What bench/lib/speed.mjs calls. */
globalThis.race = {
  open: async (contender, model) => {
    open.set(contender.name, await openContender(contender, model));
  },
  run: (name) => open.get(name).run(),
  logits: async (name) => Array.from(await open.get(name).logits()),
  close: async () => {
    await Promise.all([...open.values()].map((contender) => contender.close()));
    open.clear();
  },
};
