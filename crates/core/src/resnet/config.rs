//! The config: which network of the ResNet family.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The channels of the stem and of the four stages before a block's expansion (He et al. 2015, table 1).
pub const STEM_CHANNELS: usize = 64;
/// Height and width of the stem's kernel (table 1).
pub const STEM_KERNEL: usize = 7;
/// How much the stem and the stages shrink the input in all: five halvings.
pub const TOTAL_STRIDE: usize = 32;

/// The most blocks a stage may have; ResNet-152 has 36.
const MOST_BLOCKS: usize = 1024;
/// The most classes a network may have; ImageNet-22k has 21,841.
const MOST_CLASSES: usize = 1 << 20;
/// The most channels of an input or a group.
const MOST_CHANNELS: usize = 4096;
/// The widest input of a flatten head, in pixels.
const MOST_WIDTH: usize = 2048;

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
    /// torchvision's `models.resnet`: `conv1`, `downsample`, `fc`, an average pool head.
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

/// What stands between the last stage and the logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Head {
    /// Average pool to 1x1, then linear: takes any input size.
    AveragePool,
    /// Flatten all of the last stage's map, then linear: the input size is fixed.
    Flatten {
        /// Width and height of the input, in pixels: a multiple of 32.
        input_width: usize,
    },
}

/// What a ResNet is built from. Make one with [`ResNetConfig::reference`] or [`ResNetConfig::torchvision`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResNetConfig {
    /// Whose conventions the network follows: names of the layers, and where a block has a projection shortcut.
    pub family: Family,
    /// The kind of residual block.
    pub block: BlockKind,
    /// Blocks in each of the four stages. The reference calls it `architecture`.
    pub repetitions: [usize; 4],
    /// Channels of the input image: 3 for RGB.
    pub input_channels: usize,
    /// Length of the logits. The reference calls it `output_num`. 1 for a binary classifier: see
    /// [`distinguished`](Self::distinguished).
    pub classes: usize,
    /// What stands between the last stage and the logits.
    pub head: Head,
    /// Which convolution of a bottleneck block carries the stride.
    pub stride_on: StrideOn,
    /// torchvision's `groups` of a bottleneck's 3x3 convolution: 32 in ResNeXt (Xie et al. 2017), otherwise 1.
    #[serde(default = "one_group")]
    pub groups: usize,
    /// torchvision's `width_per_group`: channels of each group in the first stage. 64, or 128 in a Wide ResNet
    /// (Zagoruyko and Komodakis 2016).
    #[serde(default = "usual_width")]
    pub width_per_group: usize,
}

/// The default of files without the field.
const fn one_group() -> usize {
    1
}

const fn usual_width() -> usize {
    STEM_CHANNELS
}

/// The torchvision networks, by depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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

/// An invalid config.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A stage without blocks.
    #[error("stage {stage} has 0 blocks; each of the four repetition counts must be at least 1")]
    ZeroRepetitions {
        /// The stage, counted from 1 as in `layer1`.
        stage: usize,
    },
    /// No classes.
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
    /// The reference network keeps the stride on the 3x3 convolution.
    #[error(
        "the reference network has the stride on the 3x3 convolution (conv2); conv1 is for torchvision's names only"
    )]
    ReferenceStrideOnConv1,
    /// The reference network flattens.
    #[error(
        "the reference network has a flatten head; an average pool is for torchvision's names only"
    )]
    ReferenceAveragePool,
    /// Above a limit, which keeps a hostile file from taking all memory.
    #[error("{what} is {found}; the limit is {most}")]
    TooLarge {
        /// Which number.
        what: &'static str,
        /// Its value.
        found: usize,
        /// The limit.
        most: usize,
    },
    /// Groups where there are none.
    #[error(
        "{what} is {found} in a network of {block}; only torchvision's bottleneck blocks have one other than {usual}"
    )]
    NoGroups {
        /// Which number.
        what: &'static str,
        /// Its value.
        found: usize,
        /// The kind of block.
        block: &'static str,
        /// What it is everywhere else.
        usual: usize,
    },
    /// A block with no channels at all.
    #[error("a block has 0 {what}; it must be at least 1")]
    ZeroBlockSize {
        /// Which of the block's numbers.
        what: &'static str,
    },
    /// The reference's no-bottleneck block adds its input as it is unless its stride is not 1.
    #[error(
        "a no-bottleneck block of stride 1 maps {input_channels} channels to {output_channels}; \
         the reference gives it no projection shortcut, so both must be equal"
    )]
    ReferenceShortcutChannels {
        /// Channels that come in.
        input_channels: usize,
        /// Channels that go out.
        output_channels: usize,
    },
}

impl ResNetConfig {
    /// The reference implementation's `ResNet(architecture, input_width, output_num, block_type, input_channels)`.
    pub const fn reference(
        architecture: [usize; 4],
        input_width: usize,
        output_num: usize,
        block: BlockKind,
        input_channels: usize,
    ) -> Self {
        Self {
            family: Family::Reference,
            block,
            repetitions: architecture,
            input_channels,
            classes: output_num,
            head: Head::Flatten { input_width },
            stride_on: StrideOn::Conv2,
            groups: one_group(),
            width_per_group: usual_width(),
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
            groups: one_group(),
            width_per_group: usual_width(),
        }
    }

    /// How many classes the network distinguishes. A single logit means two: after the sigmoid it is the probability of the
    /// second, class 1, as PyTorch's `BCEWithLogitsLoss` has it.
    pub const fn distinguished(&self) -> usize {
        if self.classes == 1 { 2 } else { self.classes }
    }

    /// Checks that a network can be built.
    ///
    /// # Errors
    /// The first rule that is broken, with the value that breaks it.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.check_sizes()?;
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
        if self.family == Family::Reference && self.stride_on == StrideOn::Conv1 {
            return Err(ConfigError::ReferenceStrideOnConv1);
        }
        if self.family == Family::Reference && self.head == Head::AveragePool {
            return Err(ConfigError::ReferenceAveragePool);
        }
        Ok(())
    }

    /// Checks what a hostile file could overdo, and the groups.
    fn check_sizes(&self) -> Result<(), ConfigError> {
        let width = match self.head {
            Head::AveragePool => 0,
            Head::Flatten { input_width } => input_width,
        };
        let deepest = self.repetitions.into_iter().max().unwrap_or(0);
        for (what, found, most) in [
            ("the number of blocks in a stage", deepest, MOST_BLOCKS),
            ("the number of classes", self.classes, MOST_CLASSES),
            (
                "the number of input channels",
                self.input_channels,
                MOST_CHANNELS,
            ),
            ("the input width", width, MOST_WIDTH),
            ("`groups`", self.groups, MOST_CHANNELS),
            ("`width_per_group`", self.width_per_group, MOST_CHANNELS),
        ] {
            if found > most {
                return Err(ConfigError::TooLarge { what, found, most });
            }
        }
        let grouped = self.family == Family::Torchvision && self.block == BlockKind::Bottleneck;
        for (what, found, usual) in [
            ("`groups`", self.groups, one_group()),
            ("`width_per_group`", self.width_per_group, usual_width()),
        ] {
            if found == 0 {
                return Err(ConfigError::ZeroBlockSize { what });
            }
            if found != usual && !grouped {
                let block = match self.block {
                    BlockKind::NoBottleneck => "no-bottleneck blocks",
                    BlockKind::Bottleneck => "the reference's blocks",
                };
                return Err(ConfigError::NoGroups {
                    what,
                    found,
                    block,
                    usual,
                });
            }
        }
        Ok(())
    }

    /// The input's width whose last map is `side` pixels wide, for a flatten head. `None`: too wide.
    pub fn input_width_of(side: usize) -> Option<usize> {
        side.checked_mul(TOTAL_STRIDE)
            .filter(|&width| width <= MOST_WIDTH)
    }

    /// The usual name: "ResNet-50", or the repetition counts where no paper gives one.
    pub fn name(&self) -> String {
        let known = Depth::ALL
            .into_iter()
            .find(|depth| depth.blocks() == (self.block, self.repetitions));
        let depth = match known {
            Some(depth) => format!("-{}", depth.layers()),
            None => {
                let [a, b, c, d] = self.repetitions;
                format!(" [{a}, {b}, {c}, {d}]")
            }
        };
        let Self {
            groups,
            width_per_group: width,
            ..
        } = *self;
        match (groups, width) {
            (1, STEM_CHANNELS) => format!("ResNet{depth}"),
            (1, width) if width % STEM_CHANNELS == 0 => {
                format!("Wide ResNet{depth}-{}", width / STEM_CHANNELS)
            }
            (1, width) => format!("ResNet{depth} of width {width}"),
            (groups, width) => format!("ResNeXt{depth} {groups}x{width}d"),
        }
    }
}
