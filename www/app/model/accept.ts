// What file dialogs offer, by endings: they know no bytes. What a file is in truth, its bytes tell.

/** Weights, those of other libraries too: the reader says what they are. */
export const WEIGHT_FILES = ".safetensors,.pth,.pt,.bin,.bpk,.ckpt,.tar,.onnx";
/** Labels, and configurations that have some. */
export const LABEL_FILES = ".txt,.json,.csv";
