import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;

/** Reads a safetensors file of f32: `{ entries, tensors }`, a tensor being `{ shape, values }`. */
export function readSafetensors(file) {
  const bytes = readFileSync(file);
  const data = LENGTH_BYTES + Number(bytes.readBigUInt64LE());
  const { __metadata__: entries, ...index } = JSON.parse(
    bytes.toString("utf8", LENGTH_BYTES, data),
  );
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(index)) {
    if (dtype !== "F32") throw new Error(`${name} is ${dtype}, and only F32 is read here`);
    // Copied, because a Float32Array cannot begin at every byte.
    const copy = Uint8Array.from(bytes.subarray(data + offsets[0], data + offsets[1]));
    tensors[name] = { shape, values: new Float32Array(copy.buffer) };
  }
  return { entries, tensors };
}

/** Writes what `readSafetensors` reads. */
export function writeSafetensors(file, { entries, tensors }) {
  const index = { __metadata__: entries };
  let offset = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    const end = offset + values.byteLength;
    index[name] = { dtype: "F32", shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(index));
  const header = Buffer.alloc(Math.ceil(text.length / ALIGNMENT) * ALIGNMENT, " ");
  text.copy(header);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(header.length));
  const parts = [length, header, ...Object.values(tensors).map(({ values }) => values)];
  writeParts(file, parts);
}

/** Writes buffers and typed arrays one after the other. */
export function writeParts(file, parts) {
  const target = openSync(file, "w");
  try {
    for (const part of parts) writeFileSync(target, part);
  } finally {
    closeSync(target);
  }
}
