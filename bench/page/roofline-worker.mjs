import * as Comlink from "/node_modules/comlink/dist/esm/comlink.min.mjs";

/**
 * What all the memory holds, sums and operands, too: no number in this is slow to compute with, and
 * its bytes are what relaxed instructions agree on. Memory never written to would be one page.
 */
const VALUE = 0.5;

let functions;

Comlink.expose({
  async open(module) {
    const { instance } = await WebAssembly.instantiateStreaming(fetch(module));
    functions = instance.exports;
    new Float32Array(functions.memory.buffer).fill(VALUE);
  },

  /** When it began and ended, by the clock that all workers share. */
  run({ run, bytes }, amount) {
    const start = now();
    functions[run](amount, bytes);
    return { start, end: now() };
  },
});

function now() {
  return performance.timeOrigin + performance.now();
}
