/** The same opaque pixels wherever they are computed: waves in three colours, RGBA. */
export function wavyPixels(width, height) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = 4 * (y * width + x);
      data[at] = (x * x + 3 * y) % 256;
      data[at + 1] = (x * y) % 256;
      data[at + 2] = (7 * x + y * y) % 256;
      data[at + 3] = 255;
    }
  }
  return { data, width, height };
}
