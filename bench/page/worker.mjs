import * as Comlink from "/node_modules/comlink/dist/esm/comlink.min.mjs";
import { syntheticInput } from "../lib/synthetic.mjs";

let runner;
let input;
let logits;

Comlink.expose({
  /**
   * A runner's module has `prepare(contender, model)`, which gives `run(input)`, `dispose()` and, if
   * it wants its input as TensorFlow keeps pictures, `channelsLast`.
   */
  async prepare(contender, model) {
    const { prepare } = await import(`./runners/${contender.runner}.mjs`);
    runner = await prepare(contender, model);
    const { batch, channels, size } = model;
    input = syntheticInput([batch, channels, size, size]);
    // Outside the time: whoever uses such a runtime makes its input in that order.
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
  const picture = channels * pixels;
  return values.map((_, i) => {
    const inPicture = i % picture;
    const from = (inPicture % channels) * pixels + Math.floor(inPicture / channels);
    return values[i - inPicture + from];
  });
}
