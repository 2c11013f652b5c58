import * as Comlink from "/node_modules/comlink/dist/esm/comlink.min.mjs";

const ARITHMETICS = ["f32", "int8"];
/** Bytes of a pixel. */
const RGBA = 4;

let models;
let photos;

Comlink.expose({
  /** Loads a weight file in every arithmetic, and photos; returns the photos' sides. */
  async open({ folder, weights, photos: addresses }) {
    const module = await import(`${folder}/resnet_web.js`);
    await module.default();
    const engine = await module.Engine.open("cpu", false);
    const file = await (await fetch(weights)).blob();
    models = ARITHMETICS.map((arithmetic) => {
      const model = engine.load(file, { arithmetic });
      // Where a module cannot, it calculates in f32, which would agree with itself.
      if (model.info.arithmetic !== arithmetic) throw new Error(`no ${arithmetic} in ${folder}`);
      return model;
    });
    photos = await Promise.all(addresses.map(pixelsOf));
    return photos.map(({ width, height }) => ({ width, height }));
  },

  /** All classes of a view by each arithmetic's name, the most probable first. */
  async classify({ photo, ...view }) {
    const pixels = pixelsOfView(photos[photo], view);
    const classes = {};
    for (const [i, arithmetic] of ARITHMETICS.entries()) {
      const { side } = view;
      const { top } = await models[i].classify(pixels, side, side, models[i].info.classes);
      classes[arithmetic] = top.map(({ index, probability }) => ({ index, probability }));
    }
    return classes;
  },
});

async function pixelsOf(address) {
  const bitmap = await createImageBitmap(await (await fetch(address)).blob());
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, width, height);
}

function pixelsOfView({ data, width }, { left, top, side, mirrored, brightness }) {
  // It rounds and stays within 0 and 255.
  const pixels = new Uint8ClampedArray(side * side * RGBA);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const column = left + (mirrored ? side - 1 - x : x);
      const from = ((top + y) * width + column) * RGBA;
      const to = (y * side + x) * RGBA;
      for (let i = 0; i < RGBA - 1; i++) pixels[to + i] = brightness * data[from + i];
      pixels[to + RGBA - 1] = data[from + RGBA - 1];
    }
  }
  return new Uint8Array(pixels.buffer);
}
