//! The choices that a config consists of.

use serde::{Deserialize, Serialize};

use super::{STEM_CHANNELS, STEM_KERNEL};

/// Whose conventions a network follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum Family {
    /// The reference implementation's: the plain PyTorch ResNet that this project started from
    /// (`tests/fixtures/weights/reference_resnet.py`). Its layers are called `preliminary`, `block`, `shortcut` and `final`; it has a
    /// projection shortcut with a bias in no-bottleneck blocks, and a flatten head. Files of earlier versions say `seed`.
    #[serde(alias = "seed")]
    Reference,
    /// torchvision's `models.resnet`, and what timm and others build on it: `conv1`, `downsample`, `fc`. Networks with
    /// pre-activation have the names of timm's `resnetv2`.
    Torchvision,
}

/// The two residual blocks of He et al. 2015, figure 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum BlockKind {
    /// Two 3x3 convolutions: the reference's `ResidualBlockNoBottleneck`, torchvision's `BasicBlock`.
    NoBottleneck,
    /// 1x1, 3x3, 1x1: the reference's `ResidualBlockBottleneck`, torchvision's `Bottleneck`.
    Bottleneck,
}

impl BlockKind {
    /// A block's output channels as a multiple of its width.
    pub const fn expansion(self) -> usize {
        match self {
            Self::NoBottleneck => 1,
            Self::Bottleneck => 4,
        }
    }

    /// How many convolutions a block has, without its shortcut.
    pub const fn convolutions(self) -> usize {
        match self {
            Self::NoBottleneck => 2,
            Self::Bottleneck => 3,
        }
    }
}

/// Which convolution of a bottleneck block has the stride. The tensors' shapes do not show it, and the wrong one
/// raises no error but costs ten points of accuracy. In no-bottleneck blocks it is always the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum StrideOn {
    /// The first 1x1: the network as published, "v1".
    Conv1,
    /// The 3x3: torchvision's, "v1.5", and the reference's.
    Conv2,
}

/// What an image meets first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub struct Stem {
    /// Its convolutions.
    pub convolutions: StemConvolutions,
    /// Channels that come out of the last of them.
    pub channels: usize,
    /// What follows them.
    pub pool: StemPool,
}

impl Default for Stem {
    /// That of He et al. 2015, table 1.
    fn default() -> Self {
        Self {
            convolutions: StemConvolutions::Conv7x7,
            channels: STEM_CHANNELS,
            pool: StemPool::Max,
        }
    }
}

impl Stem {
    /// By how much it shrinks an image's sides.
    pub const fn stride(&self) -> usize {
        let convolutions = match self.convolutions {
            StemConvolutions::Conv3x3 => 1,
            StemConvolutions::Conv7x7 | StemConvolutions::Deep { .. } => 2,
        };
        match self.pool {
            StemPool::None => convolutions,
            StemPool::Max | StemPool::MaxOverEnd | StemPool::Convolution => 2 * convolutions,
        }
    }
}

/// The stem's convolutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum StemConvolutions {
    /// One of 7x7 with stride 2.
    Conv7x7,
    /// One of 3x3 with stride 1, for small images (He et al. 2015, section 4.2).
    Conv3x3,
    /// Three of 3x3, the first with stride 2: ResNet-C and D (He et al. 2018, "Bag of Tricks", figure 2b).
    Deep {
        /// Channels that come out of the first and the second. timm's `deep` has twice the same, `deep_tiered` has not.
        channels: [usize; 2],
    },
}

impl StemConvolutions {
    /// Height and width of the kernels.
    pub const fn kernel(self) -> usize {
        match self {
            Self::Conv7x7 => STEM_KERNEL,
            Self::Conv3x3 | Self::Deep { .. } => 3,
        }
    }
}

/// What stands between the stem's convolutions and the first stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum StemPool {
    /// Max pooling: 3x3, stride 2, padding 1.
    Max,
    /// Max pooling without padding, whose last windows may reach over the map's end: 3x3, stride 2. Caffe's, and TensorFlow's
    /// `SAME` over an even number of pixels.
    MaxOverEnd,
    /// Nothing: networks for small images.
    None,
    /// A 3x3 convolution of stride 2, with batch norm and ReLU: ResNet-RS (Bello et al. 2021), timm's `replace_stem_pool`.
    Convolution,
}

/// How a block's input gets the shape of its output, where they differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum ShortcutKind {
    /// A 1x1 convolution with the block's stride (He et al. 2015, option B).
    #[default]
    Projection,
    /// A 2x2 average pool with the block's stride, then a 1x1 convolution: ResNet-D, timm's `avg_down`.
    AveragePool,
    /// Every second pixel, and as many channels of zeros before as after it (option A). It has no tensors.
    ZeroPadded,
    /// Option A with all channels of zeros after it.
    ZeroPaddedAfter,
}

/// What weighs the channels that come out of a block's convolutions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum Attention {
    /// Squeeze-and-excitation (Hu et al. 2018).
    SqueezeExcite {
        /// Channels between the two layers, in each stage.
        reduced: Vec<usize>,
    },
    /// Efficient channel attention (Wang et al. 2020).
    EfficientChannel {
        /// The length of the kernel, in each stage: odd.
        kernels: Vec<usize>,
    },
}

/// How convolutions of stride 2 are kept from aliasing: they have stride 1, and this after their ReLU has stride 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum AntiAliasing {
    /// A 3x3 binomial filter over a reflected border (Zhang 2019), timm's `BlurPool2d`. The stem's max pool has one, too.
    Blur,
    /// A 2x2 average pool: timm's `aa_layer=nn.AvgPool2d`. It stands in place of the stem's max pool, too.
    Average,
}

/// What stands between the last stage and the head's layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Head {
    /// Average pool to 1x1: takes any input size.
    AveragePool,
    /// Max pool and average pool to 1x1, in this order one after the other: fastai's `AdaptiveConcatPool2d`.
    ConcatPool,
    /// Flatten all of the last stage's map: the input size is fixed.
    Flatten {
        /// Width and height of the input, in pixels: a multiple of the network's stride, 32 for most.
        input_width: usize,
    },
}

/// A layer between the pooled features and the logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum HeadLayer {
    /// A linear layer. The last one's outputs are the logits.
    Linear {
        /// Features that come out.
        outputs: usize,
        /// Whether it has a bias.
        bias: bool,
    },
    /// Batch norm over features.
    BatchNorm,
    /// ReLU.
    Relu,
}
