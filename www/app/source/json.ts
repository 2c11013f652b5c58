/** Under which keys files have the names of classes: Hugging Face's, timm's and torchvision's among them. */
const LABEL_KEYS = ["id2label", "label2id", "label_names", "class_to_idx", "labels", "classes"];
/** What only configurations of a model or of its images have: Hugging Face's, timm's. They may hold labels, too. */
const CONFIGURATION_KEYS = [
  "architecture",
  "architectures",
  "model_type",
  "image_mean",
  "image_processor_type",
  "feature_extractor_type",
  "pretrained_cfg",
];

/** What a JSON file is for, by its content; null if it is of no use here. */
export function jsonKind(json: unknown): "labels" | "configuration" | "shards" | null {
  if (Array.isArray(json)) return json.length > 0 && json.every(isLabel) ? "labels" : null;
  if (typeof json !== "object" || json === null) return null;
  const has = (key: string) => key in json;
  if (has("weight_map")) return "shards";
  if (CONFIGURATION_KEYS.some(has)) return "configuration";
  if (LABEL_KEYS.some(has)) return "labels";
  const keys = Object.keys(json);
  const values = Object.values(json);
  const areNamed = areNumbers(keys.map(Number)) && values.every(isLabel);
  return keys.length > 0 && (areNamed || areNumbers(values)) ? "labels" : null;
}

/** Whether a text looks like a dictionary or a list of labels as Python prints them, which is nearly JSON. */
export function isLabelsInPython(text: string): boolean {
  return /^\s*[[{(]\s*(\d+\s*:\s*)?['"]/.test(text);
}

/** A label, or one with its synset before it, as Keras has them. */
function isLabel(value: unknown): boolean {
  return typeof value === "string" || (Array.isArray(value) && typeof value.at(-1) === "string");
}

/** Whether these are the numbers of classes, from 0 on, in whatever order. */
function areNumbers(values: readonly unknown[]): boolean {
  const numbers = new Set(values);
  return numbers.size === values.length && values.every((_, number) => numbers.has(number));
}
