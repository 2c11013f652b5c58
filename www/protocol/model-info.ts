import type {
  AntiAliasing,
  Arithmetic,
  Assumption,
  Attention,
  BlockKind,
  Family,
  Format,
  HeadLayer,
  Note,
  PreprocessingChoice,
  ShortcutKind,
  Stem,
  StrideOn,
  WeightSets,
} from "./generated/core";
import type { OnGpu } from "./generated/engine";

/** What is done to an image before it enters the network. */
export type Preprocessing = Required<PreprocessingChoice>;

/** What a weight file says of itself, or what its tensors show. The wasm surface composes it (`src/web`). */
export interface ModelInfo {
  /** The network's name: `ResNet-50`, or `ResNet [1, 1, 1, 1]` where it has none. */
  architecture: string;
  /** Whose conventions it follows. */
  family: Family;
  /** Its kind of residual block. */
  block: BlockKind;
  /** How many blocks each stage has. */
  repetitions: number[];
  /** A block's channels before expansion, in each stage. */
  widths: number[];
  /** What an image meets first. */
  stem: Stem;
  /** How a block's input gets the shape of its output. */
  shortcut: ShortcutKind;
  /** What weighs the channels that come out of a block's convolutions. */
  attention: Attention | null;
  /** How convolutions of stride 2 are kept from aliasing. */
  antiAliasing: AntiAliasing | null;
  /** Whether batch norm and ReLU come before each convolution: ResNetV2. */
  preActivation: boolean;
  /** The layers from the pooled features to the logits; empty: one linear layer with a bias. */
  headLayers: HeadLayer[];
  /** Which convolution of a bottleneck block has the stride. */
  strideOn: StrideOn;
  /** `[1, channels, height, width]` */
  inputShape: [number, number, number, number];
  /**
   * The number of classes: 2 where the network has a single logit, whose sigmoid is the probability of class 1; 0 where it ends
   * with its features.
   */
  classes: number;
  /** Empty if unknown. */
  labels: string[];
  /** Empty if unknown. */
  source: string;
  /** Empty if unknown. */
  license: string;
  /** How the file stores the convolutions' weights: `int8`, `f16`, `bf16`, `f32`, `f64`. */
  dtype: string;
  /** What convolutions calculate with. */
  arithmetic: Arithmetic;
  /** What they can calculate with on this device. */
  arithmetics: Arithmetic[];
  /** Null on the CPU. */
  onGpu: OnGpu | null;
  /** Groups of a bottleneck's 3x3 convolution: 32 in ResNeXt. */
  groups: number;
  /** Channels of each group in the first stage: 128 in a Wide ResNet. */
  widthPerGroup: number;
  /** How an image is resized, cropped and normalised. */
  preprocessing: Preprocessing;
  /** The file's format. */
  format: Format;
  /** Whose names the tensors have: `torchvision`, `Hugging Face`. */
  naming: string;
  /** What was assumed to be as usual, because neither the file nor the caller said. */
  assumed: Assumption[];
  /** What is worth knowing of how the file was read. */
  notes: Note[];
  /** The sets of weights that the file has, and which of them is loaded. */
  weightSets: WeightSets;
}
