import { ResNetError } from "../../protocol/errors";

/** The shortest wasm module there is: its magic number and version. */
const EMPTY_MODULE = new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);

/** Why no wasm code at all can run here, and what to do about it; null where it can. */
export function obstacleToWasm(): ResNetError | null {
  if (typeof WebAssembly === "undefined") {
    return new ResNetError(
      "browser-unsupported",
      "This browser runs no WebAssembly here, which the network needs: it is too old, or has it switched off (an iPhone in Lockdown Mode has). Allow it for this site, or use another browser.",
    );
  }
  try {
    new WebAssembly.Module(EMPTY_MODULE);
    return null;
  } catch {
    // Any browser with WebAssembly compiles that, unless a policy forbids compiling.
    return new ResNetError(
      "runtime-blocked",
      "A Content-Security-Policy of this site forbids WebAssembly, which the network needs. Its server has to add 'wasm-unsafe-eval' to script-src in that header.",
    );
  }
}
