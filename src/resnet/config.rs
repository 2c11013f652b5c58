//! Which ResNet: the choices that tell one network of the family from another.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The channels of the stem and of the four stages before a block's expansion (He et al. 2015, table 1).
pub const STEM_CHANNELS: usize = 64;
/// How much the stem and the stages shrink the input in all: five halvings.
pub const TOTAL_STRIDE: usize = 32;

/// Whose conventions a network follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// The seed document's network: its names (`preliminary`, `block`, `shortcut`, `final`), a projection shortcut
    /// with a bias in no-bottleneck blocks, a flatten head.
    Seed,
    /// torchvision's `models.resnet`: `conv1`, `downsample`, `fc`, an average pool head.
    Torchvision,
}

/// The two residual blocks of He et al. 2015, figure 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockKind {
    /// Two 3x3 convolutions: the seed's `ResidualBlockNoBottleneck`, torchvision's `BasicBlock`.
    NoBottleneck,
    /// 1x1, 3x3, 1x1: the seed's `ResidualBlockBottleneck`, torchvision's `Bottleneck`.
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
}

/// Which convolution of a bottleneck block carries the stride. The tensors' shapes do not tell, and the wrong one
/// raises no error: it costs ten points of accuracy. No-bottleneck blocks have no such choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrideOn {
    /// The first 1x1: the network as published, "v1".
    Conv1,
    /// The 3x3: torchvision's, "v1.5", and the seed's.
    Conv2,
}

/// What stands between the last stage and the logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Head {
    /// Average pool to 1x1, then linear: takes any input size.
    AveragePool,
    /// Flatten all of the last stage's map, then linear: the input size is fixed.
    Flatten {
        /// Width and height of the input, in pixels: a multiple of 32.
        input_width: usize,
    },
}

/// What a ResNet is built from. Make one with [`ResNetConfig::seed`] or [`ResNetConfig::torchvision`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResNetConfig {
    /// Whose conventions the network follows: names of the layers, and where a block has a projection shortcut.
    pub family: Family,
    /// The kind of residual block.
    pub block: BlockKind,
    /// Blocks in each of the four stages. The seed calls it `architecture`.
    pub repetitions: [usize; 4],
    /// Channels of the input picture: 3 for RGB.
    pub input_channels: usize,
    /// Length of the logits. The seed calls it `output_num`.
    pub classes: usize,
    /// What stands between the last stage and the logits.
    pub head: Head,
    /// Which convolution of a bottleneck block carries the stride.
    pub stride_on: StrideOn,
}

/// The torchvision networks, by depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// `torchvision.models.resnet18`
    D18,
    /// `torchvision.models.resnet34`
    D34,
    /// `torchvision.models.resnet50`
    D50,
    /// `torchvision.models.resnet101`
    D101,
    /// `torchvision.models.resnet152`
    D152,
}

impl Depth {
    /// Every depth torchvision has.
    pub const ALL: [Self; 5] = [Self::D18, Self::D34, Self::D50, Self::D101, Self::D152];

    /// The number in the network's name: 50 for ResNet-50.
    pub const fn layers(self) -> usize {
        match self {
            Self::D18 => 18,
            Self::D34 => 34,
            Self::D50 => 50,
            Self::D101 => 101,
            Self::D152 => 152,
        }
    }

    const fn blocks(self) -> (BlockKind, [usize; 4]) {
        match self {
            Self::D18 => (BlockKind::NoBottleneck, [2, 2, 2, 2]),
            Self::D34 => (BlockKind::NoBottleneck, [3, 4, 6, 3]),
            Self::D50 => (BlockKind::Bottleneck, [3, 4, 6, 3]),
            Self::D101 => (BlockKind::Bottleneck, [3, 4, 23, 3]),
            Self::D152 => (BlockKind::Bottleneck, [3, 8, 36, 3]),
        }
    }
}

/// A configuration that no network can be built from.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// A stage without blocks.
    #[error("stage {stage} has 0 blocks; each of the four repetition counts must be at least 1")]
    ZeroRepetitions {
        /// The stage, counted from 1 as in `layer1`.
        stage: usize,
    },
    /// A network with nothing to tell apart.
    #[error("the number of classes is 0; it must be at least 1")]
    ZeroClasses,
    /// No input channels.
    #[error("the number of input channels is 0; it must be at least 1 (3 for RGB)")]
    ZeroInputChannels,
    /// The flatten head's size follows from the input width, and only multiples of 32 halve evenly five times.
    #[error("the input width is {width}; a flatten head needs a multiple of 32 and at least 32")]
    InputWidth {
        /// The width given, in pixels.
        width: usize,
    },
    /// The seed's network keeps the stride on the 3x3 convolution.
    #[error(
        "the seed's network has the stride on the 3x3 convolution (conv2); conv1 is for torchvision's names only"
    )]
    SeedStrideOnConv1,
    /// The seed's network flattens.
    #[error(
        "the seed's network has a flatten head; an average pool is for torchvision's names only"
    )]
    SeedAveragePool,
    /// A block with no channels at all.
    #[error("a block has 0 {what}; it must be at least 1")]
    ZeroBlockSize {
        /// Which of the block's numbers.
        what: &'static str,
    },
    /// The seed's no-bottleneck block adds its input as it is unless its stride is not 1.
    #[error(
        "a no-bottleneck block of stride 1 maps {input_channels} channels to {output_channels}; \
         the seed gives it no projection shortcut, so both must be equal"
    )]
    SeedShortcutChannels {
        /// Channels that come in.
        input_channels: usize,
        /// Channels that go out.
        output_channels: usize,
    },
}

impl ResNetConfig {
    /// The seed document's `ResNet(architecture, input_width, output_num, block_type, input_channels)`.
    pub const fn seed(
        architecture: [usize; 4],
        input_width: usize,
        output_num: usize,
        block: BlockKind,
        input_channels: usize,
    ) -> Self {
        Self {
            family: Family::Seed,
            block,
            repetitions: architecture,
            input_channels,
            classes: output_num,
            head: Head::Flatten { input_width },
            stride_on: StrideOn::Conv2,
        }
    }

    /// `torchvision.models.resnetN(num_classes=classes)`: the v1.5 network, with the stride on the 3x3 convolution.
    ///
    /// For the v1 network of He et al. set [`stride_on`](Self::stride_on) to [`StrideOn::Conv1`].
    pub const fn torchvision(depth: Depth, classes: usize) -> Self {
        let (block, repetitions) = depth.blocks();
        Self {
            family: Family::Torchvision,
            block,
            repetitions,
            input_channels: 3,
            classes,
            head: Head::AveragePool,
            stride_on: StrideOn::Conv2,
        }
    }

    /// Checks that a network can be built.
    ///
    /// # Errors
    /// The first rule that is broken, with the value that breaks it.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if let Some(stage) = self.repetitions.iter().position(|&count| count == 0) {
            return Err(ConfigError::ZeroRepetitions { stage: stage + 1 });
        }
        if self.classes == 0 {
            return Err(ConfigError::ZeroClasses);
        }
        if self.input_channels == 0 {
            return Err(ConfigError::ZeroInputChannels);
        }
        if let Head::Flatten { input_width: width } = self.head
            && (width == 0 || !width.is_multiple_of(TOTAL_STRIDE))
        {
            return Err(ConfigError::InputWidth { width });
        }
        if self.family == Family::Seed && self.stride_on == StrideOn::Conv1 {
            return Err(ConfigError::SeedStrideOnConv1);
        }
        if self.family == Family::Seed && self.head == Head::AveragePool {
            return Err(ConfigError::SeedAveragePool);
        }
        Ok(())
    }

    /// The usual name: "ResNet-50", or the repetition counts where no paper gives one.
    pub fn name(&self) -> String {
        let known = Depth::ALL
            .into_iter()
            .find(|depth| depth.blocks() == (self.block, self.repetitions));
        match known {
            Some(depth) => format!("ResNet-{}", depth.layers()),
            None => {
                let [a, b, c, d] = self.repetitions;
                format!("ResNet [{a}, {b}, {c}, {d}]")
            }
        }
    }
}
