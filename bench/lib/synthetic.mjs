/**
 * Weights and inputs without a file: every value follows from a name and an index. The rule is that
 * of crates/core/src/weights/synthetic.rs, bit for bit. The page uses this file, too.
 */

/** The values of tensor `name` of this shape. */
export function syntheticTensor(name, shape) {
  const [, input, height, width] = shape;
  if (shape.length === 4) {
    const bound = Math.sqrt(6 / (input * height * width));
    return values(name, shape, (u) => (2 * u - 1) * bound);
  }
  if (shape.length === 2) return values(name, shape, (u) => (2 * u - 1) / Math.sqrt(input));
  if (name.endsWith("running_var")) return values(name, shape, (u) => 0.5 + u);
  if (/(running_mean|bias)$/.test(name)) return values(name, shape, (u) => (u - 0.5) * 0.2);
  return values(name, shape, (u) => 0.35 + 0.7 * u);
}

/** An input `[batch, channels, height, width]` between -1 and 1. */
export function syntheticInput(shape) {
  return values("input", shape, (u) => 2 * u - 1);
}

function values(name, shape, value) {
  const hash = fnv1a64(name);
  const count = shape.reduce((product, size) => product * size, 1);
  const low = Number(hash & 0xffff_ffffn);
  const high = Number(hash >> 32n);
  return Float32Array.from({ length: count }, (_, i) => {
    const sum = low + i;
    return value(uniform(high + Math.floor(sum / 2 ** 32), sum >>> 0));
  });
}

/** FNV-1a, 64 bit. */
function fnv1a64(text) {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x0100_0000_01b3n);
  }
  return hash;
}

/**
 * The upper 24 bits of splitmix64, as a number in [0, 1). In halves of 32 bits: BigInt would take
 * minutes for a network.
 */
function uniform(high, low) {
  const sum = low + 0x7f4a_7c15;
  low = sum >>> 0;
  high = (high + 0x9e37_79b9 + Math.floor(sum / 2 ** 32)) >>> 0;
  [high, low] = multiply(...shiftXor(high, low, 30), 0xbf58_476d, 0x1ce4_e5b9);
  [high, low] = multiply(...shiftXor(high, low, 27), 0x94d0_49bb, 0x1331_11eb);
  [high] = shiftXor(high, low, 31);
  return (high >>> 8) / 2 ** 24;
}

/** `z ^ (z >> count)` for a count below 32. */
function shiftXor(high, low, count) {
  return [
    (high ^ (high >>> count)) >>> 0,
    (low ^ ((low >>> count) | (high << (32 - count)))) >>> 0,
  ];
}

/** The lower 64 bits of a product. */
function multiply(aHigh, aLow, bHigh, bLow) {
  const [a1, a0] = [aLow >>> 16, aLow & 0xffff];
  const [b1, b0] = [bLow >>> 16, bLow & 0xffff];
  const middle = a0 * b1 + a1 * b0 + Math.floor((a0 * b0) / 2 ** 16);
  const carry = a1 * b1 + Math.floor(middle / 2 ** 16);
  const high = Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh) + carry;
  return [high >>> 0, Math.imul(aLow, bLow) >>> 0];
}
