/** `owner/name`, as the Hugging Face Hub calls a model. */
const MODEL = /^[\w-][\w.-]*\/[\w-][\w.-]*$/;
/** How the name of a file ends, which `owner/name` does not. */
const FILE = /\.(safetensors|pth|pt|bin|bpk|ckpt|pkl|tar|onnx|json)$/i;

/** The address that a person means: `owner/name` alone is a model on the Hugging Face Hub, not a path beside the page. */
export function typedAddress(typed: string): string {
  const address = typed.trim();
  return MODEL.test(address) && !FILE.test(address) ? `hf:${address}` : address;
}
