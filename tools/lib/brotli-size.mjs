import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const compress = promisify(brotliCompress);

/** The size in bytes of files together, each compressed as well as Brotli can. */
export async function brotliSize(files) {
  const sizes = files.map(async (file) => {
    const bytes = readFileSync(file);
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    return (await compress(bytes, { params })).length;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
