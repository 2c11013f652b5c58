// The file extensions that dialogs offer. What a file really is, its bytes decide.

/** Weights, those of other libraries too: the reader says what they are. ONNX models may have a part of theirs in other files. */
export const WEIGHT_FILES = ".safetensors,.pth,.pt,.bin,.bpk,.ckpt,.tar,.onnx,.data,.onnx_data";
/** Labels, and configurations that have some. */
export const LABEL_FILES = ".txt,.json,.csv";
