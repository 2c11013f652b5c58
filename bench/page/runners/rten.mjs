import start, { Network } from "/.tools/bench/rten/rten_race.js";

/** rten, compiled by bench/lib/rten.mjs. */
export async function prepare(_, { files, batch, channels, size }) {
  await start();
  const onnx = await (await fetch(files.onnx)).arrayBuffer();
  const network = new Network(new Uint8Array(onnx));
  const shape = Uint32Array.of(batch, channels, size, size);
  return {
    run: (input) => network.run(input, shape),
    dispose: () => network.free(),
  };
}
