// The file extensions that dialogs offer. What a file really is, its bytes decide.

/** Weights, those of other libraries too: the reader says what they are. */
export const WEIGHT_FILES = ".safetensors,.pth,.pt,.bin,.bpk,.ckpt,.tar,.onnx";
/** Labels, and configurations that have some. */
export const LABEL_FILES = ".txt,.json,.csv";
