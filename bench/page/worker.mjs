import * as Comlink from "/node_modules/comlink/dist/esm/comlink.min.mjs";
import { syntheticInput } from "../lib/synthetic.mjs";

let runner;
let input;
let logits;

Comlink.expose({
  /**
   * A runner's module has `prepare(contender, model)`, which gives `run(input)`, `dispose()` and, if
   * it takes its input in NHWC, as TensorFlow does, `channelsLast`.
   */
  async prepare(contender, model) {
    const { prepare } = await import(`./runners/${contender.runner}.mjs`);
    runner = await prepare(contender, model);
    const { batch, channels, size } = model;
    input = syntheticInput([batch, channels, size, size]);
    // Not timed: a user of that runtime would produce the input in that order.
    if (runner.channelsLast) input = channelsLast(input, channels, size * size);
  },

  async run() {
    const start = performance.now();
    logits = await runner.run(input);
    return performance.now() - start;
  },

  logits: () => logits,

  dispose: () => runner.dispose(),
});

/** From [batch, channels, pixels] to [batch, pixels, channels]. */
function channelsLast(values, channels, pixels) {
  const size = channels * pixels;
  return values.map((_, i) => {
    const inImage = i % size;
    const from = (inImage % channels) * pixels + Math.floor(inImage / channels);
    return values[i - inImage + from];
  });
}
