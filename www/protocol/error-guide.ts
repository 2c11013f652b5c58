import type { ErrorCode } from "./errors";

/** What an error's code means, and what a developer or the person in front of the page can do. */
export interface ErrorAdvice {
  /** What has happened. */
  means: string;
  /** What to do about it. */
  remedy: string;
}

/**
 * Every code of a `ResNetError`, in the order in which one meets them. The documentation's table is made from this one. The
 * message of an error has the particulars: the file, the tensor, the address.
 */
export const ERROR_GUIDE: Record<ErrorCode, ErrorAdvice> = {
  aborted: {
    means:
      "The call was given up: its `AbortSignal` was aborted (`cause` is the signal's reason), a newer call of the same kind took its place, or the classifier was disposed of. The error's `name` is `AbortError`.",
    remedy: "Nothing. Leave it out of what you show to people.",
  },
  "not-ready": {
    means: "The call needs a model, or an inspection, and there is none.",
    remedy:
      "Wait for `createClassifier` or `load`; before `featureMaps`, wait for `inspect`. After `onModelCrash` load another model.",
  },
  argument: {
    means:
      "What was passed is not allowed there: `top`, `threads`, `concurrency` or a number of `featureMaps` that is not an integer or too small, `embedding` or `normalize` that is neither `true` nor `false`, or a `device` that there is none of.",
    remedy: "Pass what the message asks for.",
  },
  address: {
    means: "Nothing can be fetched from such an address.",
    remedy:
      "Pass one that begins with `https://` or `http://`, or one relative to the page. In a worker that was started from a `blob:` address nothing is relative: pass whole addresses there.",
  },
  "weights-download": {
    means:
      "The weight file did not arrive: the server refused, the connection broke too often, or another origin does not allow this page to read it.",
    remedy:
      "Check the address and the connection and load again: what has arrived is kept, and the download goes on there. A server of another origin has to send `Access-Control-Allow-Origin`.",
  },
  "weights-checksum": {
    means: "The file that arrived is not the one that `sha256`, or its manifest, names.",
    remedy: "Correct the checksum, or the file on the server; a proxy may have changed it.",
  },
  "weights-format": {
    means: "The file is no weight file that is understood, or a kind of one that is not.",
    remedy:
      "Use safetensors, PyTorch's `.pth` with a state dict, ONNX, or burnpack. The message names what was found and how to convert it.",
  },
  "weights-unreadable": {
    means: "The file ends too early, is damaged, or changed while it was read.",
    remedy: "Download or copy it again and choose it once more.",
  },
  "weights-missing": {
    means: "The file lacks tensors that the network needs.",
    remedy: "Save the whole state dict. The message names the first that is missing.",
  },
  "weights-shape": {
    means: "A tensor has another shape than the network needs.",
    remedy: "The message names it: check that the file holds one network, unchanged.",
  },
  "weights-dtype": {
    means: "A tensor's values are of a kind that is not read.",
    remedy: "Save it as f32, f16, bf16, f64 or as int8 with scales.",
  },
  "weights-values": {
    means: "A tensor contains NaN, infinity, or a negative variance.",
    remedy: "Take another checkpoint: training of this one has diverged.",
  },
  "weights-architecture": {
    means: "The tensors are those of another network than a ResNet, Wide ResNet or ResNeXt.",
    remedy: "Load one of those. The message names the network where it is known.",
  },
  "too-large": {
    means:
      "The network, or what a file asks for, is more than this library allows or than fits in memory.",
    remedy: "Load a smaller model.",
  },
  labels: {
    means: "Labels could not be fetched or read, or are not as many as the network has classes.",
    remedy: "Pass one label for each class, in the order of the logits.",
  },
  "class-index": {
    means: "`evidence` was asked for a class that the network does not have.",
    remedy: 'Pass an index from 0 to one less than the number of classes, or `"first"`.',
  },
  "no-classes": {
    means: "The model ends with its features: it has no classes.",
    remedy: "Call `embed`, which returns the features.",
  },
  "image-download": {
    means: "The image at an address did not arrive.",
    remedy:
      "Check the address, and that its server sends `Access-Control-Allow-Origin` if it is of another origin and `connect-src` of the page's policy allows it. Or pass the file itself.",
  },
  "image-decode": {
    means: "The file is no image that this browser decodes, or the element shows no image.",
    remedy:
      "Pass a JPEG, PNG, WebP or another image of the browser's. Wait until an `<img>` has loaded (`decode()`) and a `<video>` shows a frame (`loadeddata`).",
  },
  "image-size": {
    means: "The image has no pixels, or more than 2^28.",
    remedy: "Pass a smaller one. `width` and `height` of pixels are integers from 1 on.",
  },
  "image-cross-origin": {
    means:
      "The image was loaded from another origin, which does not allow this page to read its pixels.",
    remedy:
      'Set `crossorigin="anonymous"` on the `<img>` or `<video>`, and have the other server send `Access-Control-Allow-Origin`.',
  },
  "image-withheld": {
    means: "The browser gives noise in place of pixels, to protect people from fingerprinting.",
    remedy: "Ask the person to allow this page to read canvas data, and classify again.",
  },
  "runtime-download": {
    means: "The wasm module did not arrive, or the browser cannot run it.",
    remedy:
      "Check that the package's `wasm` folder is served beside its scripts, or pass its address as `assets`. Reload the page after a new version was deployed.",
  },
  "runtime-blocked": {
    means: "The page's Content-Security-Policy forbids WebAssembly.",
    remedy: "Add `'wasm-unsafe-eval'` to its `script-src`.",
  },
  "worker-unavailable": {
    means: "A worker could not be started.",
    remedy:
      "Check that the package's worker scripts are served, and that `worker-src` of the page's policy allows them. A sandboxed frame needs `allow-same-origin`.",
  },
  "browser-unsupported": {
    means: "The browser lacks WebAssembly with SIMD, or OffscreenCanvas.",
    remedy: "Ask the person for a newer one: Chrome 91, Firefox 105, Safari 16.4 or later.",
  },
  "adapter-unavailable": {
    means: "There is no GPU for WebGPU. It is not thrown: `device` has it as its reason.",
    remedy: "Nothing: the CPU is used.",
  },
  "adapter-software": {
    means: "WebGPU's only adapter is software. It is not thrown: `device` has it as its reason.",
    remedy: "Nothing: the CPU is used, which is faster.",
  },
  "self-check-failed": {
    means:
      "A device computes wrong numbers. Of a GPU it is not thrown, and the CPU is used; of the CPU it is.",
    remedy:
      "Of the CPU: report it, with browser and processor. Nothing that it computes can be trusted.",
  },
  "device-failed": {
    means: "The GPU refused a command, or ran out of memory. The CPU takes over.",
    remedy: "Make the call again. Images are classified again without that.",
  },
  "device-lost": {
    means:
      "The GPU was lost: its driver was reset, or another program took it. Another device takes over.",
    remedy: "Make the call again. Images are classified again without that.",
  },
  "runtime-crashed": {
    means:
      "The wasm code stopped unexpectedly. It is started again on the CPU, with the same model.",
    remedy: "Make the call again; if it crashes with one image each time, leave that image out.",
  },
  "runtime-replaced": {
    means: "The worker was terminated because it was busy with a load that was cancelled.",
    remedy: "Make the call again. Images are classified again without that.",
  },
  "model-crashed": {
    means: "A model made the wasm code stop. It is not loaded again, and the one before is back.",
    remedy: "Load a smaller model, or this one once more by `load`.",
  },
  "runtime-given-up": {
    means: "The wasm code stopped too often. This classifier starts no worker any more.",
    remedy: "Dispose of it and create another one, or reload the page.",
  },
  unexpected: {
    means: "Something that has no code of its own; `cause` is what was thrown.",
    remedy: "Report it with its message.",
  },
};
