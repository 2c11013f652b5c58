import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { place } from "../../tools/lib/places.mjs";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const PAGE = 64 * KIB;
const VECTOR = 16;

/** Sums that do not wait for each other; with two operands they are in registers, of which 16 are had. */
const SUMS = 12;
/** Steps of every sum in one turn of the loop, so that the loop itself is nothing beside them. */
const ROUNDS = 4;
/** Sums and vectors of one turn where memory is read: it divides all sizes. */
const READ_SUMS = 8;
const READ_VECTORS = 16;
const READ_SIZES = [16 * KIB, 128 * KIB, MIB, 16 * MIB, 128 * MIB];
const MEMORY = Math.max(...READ_SIZES);

/**
 * A step of each kernel: what becomes of the sum `x`. Where it takes two instructions the sum is one
 * of the factors, because a product of operands that stay the same would be computed once.
 */
const steps = {
  f32_mul_add: (x, a, b) => `(f32x4.add (f32x4.mul ${x} ${a}) ${b})`,
  f32_relaxed_madd: (x, a, b) => `(f32x4.relaxed_madd ${a} ${b} ${x})`,
  i16_dot_add: (x, a, b) => `(i32x4.add (i32x4.dot_i16x8_s ${x} ${a}) ${b})`,
  i8_relaxed_dot_add: (x, a, b) => `(i32x4.relaxed_dot_i8x16_i7x16_add_s ${a} ${b} ${x})`,
};

/**
 * What is measured: the module's function `run`, called as `run(amount, bytes)`, and what an amount of
 * one is: `steps` of `multiplyAdds` each, or `bytes` read in `steps` of a vector. `clock` is a chain of
 * additions and the like, each waiting for the one before: as many as the processor has cycles.
 */
export const kernels = {
  clock: { run: "clock", steps: 2 * SUMS * ROUNDS },
  arithmetic: [
    { title: "f32x4.mul, f32x4.add", run: "f32_mul_add", multiplyAdds: 4, float: true },
    { title: "f32x4.relaxed_madd", run: "f32_relaxed_madd", multiplyAdds: 4, float: true },
    { title: "i32x4.dot_i16x8_s, i32x4.add", run: "i16_dot_add", multiplyAdds: 8 },
    {
      title: "i32x4.relaxed_dot_i8x16_i7x16_add_s",
      run: "i8_relaxed_dot_add",
      multiplyAdds: 16,
    },
  ].map((kernel) => ({ ...kernel, steps: SUMS * ROUNDS })),
  reading: READ_SIZES.map((bytes) => ({
    title: bytes < MIB ? `${bytes / KIB} KiB` : `${bytes / MIB} MiB`,
    run: "read",
    steps: bytes / VECTOR,
    bytes,
  })),
};

/** Writes the module with the kernels and returns where it is on the server. */
export async function writeModule() {
  // Not imported at the top: this module is loaded before `npm ci` has run.
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.parseText(text());
  module.setFeatures(binaryen.Features.SIMD128 | binaryen.Features.RelaxedSIMD);
  if (!module.validate()) throw new Error("the kernels are no WebAssembly");
  const file = path.join(".tools", "bench", "roofline.wasm");
  mkdirSync(path.dirname(place(file)), { recursive: true });
  writeFileSync(place(file), module.emitBinary());
  module.dispose();
  return `/${file}`;
}

function text() {
  // After what is read, room for the sums.
  const memory = `(memory (export "memory") ${MEMORY / PAGE + 1})`;
  const arithmetic = Object.entries(steps).map(([name, step]) => arithmeticKernel(name, step));
  return `(module ${[memory, clock(), ...arithmetic, reader()].join("\n")})`;
}

/** The operands come from memory and the sums go there, so that nothing is known or left out. */
function arithmeticKernel(name, step) {
  const sums = names(SUMS);
  const round = sums.map((sum) => set(sum, step(get(sum), get("$a"), get("$b"))));
  return `(func (export "${name}") (param $amount i32)
    (local $a v128) (local $b v128) ${locals(sums)}
    ${set("$a", load(SUMS))} ${set("$b", load(SUMS + 1))}
    ${sums.map((sum, i) => set(sum, load(i))).join(" ")}
    ${repeated(times(ROUNDS, round))}
    ${stored(sums)})`;
}

function clock() {
  const step = "(i32.add (i32.xor (local.get $x) (local.get $a)) (local.get $b))";
  return `(func (export "clock") (param $amount i32) (local $x i32) (local $a i32) (local $b i32)
    ${set("$a", `(i32.load (i32.const ${MEMORY}))`)}
    ${set("$b", `(i32.load (i32.const ${MEMORY + 4}))`)}
    ${repeated(times(SUMS * ROUNDS, [set("$x", step)]))}
    (i32.store (i32.const ${MEMORY}) (local.get $x)))`;
}

function reader() {
  const sums = names(READ_SUMS);
  const turn = Array.from({ length: READ_VECTORS }, (_, i) => {
    const vector = `(v128.load offset=${VECTOR * i} (local.get $at))`;
    const sum = sums[i % READ_SUMS];
    return set(sum, `(i32x4.add ${get(sum)} ${vector})`);
  });
  const next = `(i32.add (local.get $at) (i32.const ${VECTOR * READ_VECTORS}))`;
  const through = `(local.set $at (i32.const 0))
    (loop $through ${turn.join(" ")}
      (br_if $through (i32.lt_u (local.tee $at ${next}) (local.get $bytes))))`;
  return `(func (export "read") (param $amount i32) (param $bytes i32)
    (local $at i32) ${locals(sums)}
    ${repeated([through])}
    ${stored(sums)})`;
}

function repeated(body) {
  return `(loop $again ${body.join(" ")}
    (br_if $again (local.tee $amount (i32.sub (local.get $amount) (i32.const 1)))))`;
}

function times(count, body) {
  return Array.from({ length: count }, () => body).flat();
}

function names(count) {
  return Array.from({ length: count }, (_, i) => `$sum${i}`);
}

function locals(sums) {
  return sums.map((sum) => `(local ${sum} v128)`).join(" ");
}

function get(name) {
  return `(local.get ${name})`;
}

function set(name, value) {
  return `(local.set ${name} ${value})`;
}

function load(index) {
  return `(v128.load (i32.const ${MEMORY + VECTOR * index}))`;
}

function stored(sums) {
  const store = (sum, i) => `(v128.store (i32.const ${MEMORY + VECTOR * i}) (local.get ${sum}))`;
  return sums.map(store).join(" ");
}
