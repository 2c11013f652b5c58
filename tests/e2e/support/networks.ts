/** The page's samples, by the names of their buttons. */
export type Sample = "A cat" | "A cup of coffee";

/** A network under test, and what the page says with it. */
export interface Network {
  /** The heading of the model's card. */
  name: string;
  /** Its packed file in tests/fixtures/weights, which takes the place of the default weights; none for those themselves. */
  fixture?: string;
  /** The first line of the result for each sample. */
  answers: Record<Sample, RegExp>;
}

/** The default weights. */
export const RESNET_50: Network = {
  name: "ResNet-50",
  answers: { "A cat": /Egyptian cat\s*7\d[.,]\d/, "A cup of coffee": /espresso\s*9\d[.,]\d/i },
};

/** The outputs that the layer table shows of {@link RESNET_50}, with plain spaces. */
export const RESNET_50_SHAPES: Record<string, string> = {
  conv1: "1 × 64 × 112 × 112",
  maxpool: "1 × 64 × 56 × 56",
  layer1: "1 × 256 × 56 × 56",
  layer2: "1 × 512 × 28 × 28",
  layer3: "1 × 1024 × 14 × 14",
  layer4: "1 × 2048 × 7 × 7",
  avgpool: "1 × 2048 × 1 × 1",
  fc: "1 × 1000",
};

/** One block in each stage, ten classes: loads and runs in a third of the time, for tests that are not about the answer. */
export const SMALL: Network = {
  name: "ResNet [1, 1, 1, 1]",
  fixture: "basic-f16.safetensors",
  answers: { "A cat": /class 5\s*12[.,]5/i, "A cup of coffee": /class 5\s*12[.,]7/i },
};
