//! The rules that a config has to keep.

use thiserror::Error;

use super::{
    Attention, BlockKind, Family, Head, HeadLayer, ResNetConfig, ShortcutKind, Stem,
    StemConvolutions, StrideOn, one_group, usual_width,
};

/// The most stages; ResNets have 3 or 4.
pub const MOST_STAGES: usize = 8;
/// The most blocks a stage may have; ResNet-152 has 36.
const MOST_BLOCKS: usize = 1024;
/// The most classes a network may have; ImageNet-22k has 21,841.
const MOST_CLASSES: usize = 1 << 20;
/// The most channels of an input, a stage or a group.
const MOST_CHANNELS: usize = 1 << 14;
/// The widest input of a flatten head, in pixels.
pub(super) const MOST_WIDTH: usize = 2048;
/// The most layers of a head.
const MOST_HEAD_LAYERS: usize = 64;

/// An invalid config.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No stages, or too many.
    #[error("it has {stages} stages; expected 1 to {MOST_STAGES}")]
    Stages {
        /// How many.
        stages: usize,
    },
    /// A list with a number for each stage has another length.
    #[error("it has {stages} stages, but {found} {what}")]
    PerStage {
        /// What the list is of.
        what: &'static str,
        /// How long it is.
        found: usize,
        /// How many stages there are.
        stages: usize,
    },
    /// A stage without blocks.
    #[error("stage {stage} has 0 blocks; each stage must have at least 1")]
    ZeroRepetitions {
        /// The stage, counted from 1 as in `layer1`.
        stage: usize,
    },
    /// No classes.
    #[error("the number of classes is 0; with a flatten head it must be at least 1")]
    ZeroClasses,
    /// No input channels.
    #[error("the number of input channels is 0; it must be at least 1 (3 for RGB)")]
    ZeroInputChannels,
    /// The flatten head's size follows from the input width, and only multiples of the stride halve evenly.
    #[error(
        "the input width is {width}; a flatten head needs a multiple of {stride} and at least {stride}"
    )]
    InputWidth {
        /// The width given, in pixels.
        width: usize,
        /// By how much the network shrinks it.
        stride: usize,
    },
    /// The reference network has none of the variants.
    #[error("the reference network has no {what}; it is for torchvision's names only")]
    Reference {
        /// The variant.
        what: &'static str,
    },
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
    /// Attention whose kernel has no middle.
    #[error("an attention's kernel is {kernel} long; expected an odd number")]
    EvenKernel {
        /// Its length.
        kernel: usize,
    },
    /// Channels that cannot be padded with zeros.
    #[error(
        "a zero-padded shortcut maps {input_channels} channels to {output_channels}; expected as many or more, and their difference even"
    )]
    ZeroPadding {
        /// Channels that come in.
        input_channels: usize,
        /// Channels that go out.
        output_channels: usize,
    },
    /// The head's layers do not end in the logits.
    #[error(
        "the head's last linear layer has {found} outputs; expected one for each of {classes} classes"
    )]
    HeadOutputs {
        /// What the last linear layer gives; 0 without one.
        found: usize,
        /// How many logits there are.
        classes: usize,
    },
    /// A batch norm that cannot be folded.
    #[error("a batch norm of the head stands between ReLUs; expected a linear layer beside it")]
    HeadNorm,
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
    /// Checks that a network can be built.
    ///
    /// # Errors
    /// The first rule that is broken, with the value that breaks it.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.check_stages()?;
        self.check_sizes()?;
        self.check_groups()?;
        self.check_head()?;
        if self.family == Family::Reference {
            self.check_reference()?;
        }
        Ok(())
    }

    fn check_stages(&self) -> Result<(), ConfigError> {
        let stages = self.repetitions.len();
        if stages == 0 || stages > MOST_STAGES {
            return Err(ConfigError::Stages { stages });
        }
        let (reduced, kernels) = match &self.attention {
            Some(Attention::SqueezeExcite { reduced }) => (reduced.len(), stages),
            Some(Attention::EfficientChannel { kernels }) => {
                if let Some(&kernel) = kernels.iter().find(|&kernel| kernel % 2 == 0) {
                    return Err(ConfigError::EvenKernel { kernel });
                }
                (stages, kernels.len())
            }
            None => (stages, stages),
        };
        for (what, found) in [
            ("widths", self.widths.len()),
            ("reduced widths of squeeze-and-excitation", reduced),
            ("kernels of channel attention", kernels),
        ] {
            if found != stages {
                return Err(ConfigError::PerStage {
                    what,
                    found,
                    stages,
                });
            }
        }
        match self.repetitions.iter().position(|&count| count == 0) {
            Some(stage) => Err(ConfigError::ZeroRepetitions { stage: stage + 1 }),
            None => Ok(()),
        }
    }

    /// Checks what a hostile file could overdo.
    fn check_sizes(&self) -> Result<(), ConfigError> {
        let width = match self.head {
            Head::AveragePool | Head::ConcatPool => 0,
            Head::Flatten { input_width } => input_width,
        };
        let most_of = |numbers: &[usize]| numbers.iter().copied().max().unwrap_or(0);
        let deep = match self.stem.convolutions {
            StemConvolutions::Deep { channels } => channels,
            StemConvolutions::Conv7x7 | StemConvolutions::Conv3x3 => [self.stem.channels; 2],
        };
        let inside = match &self.attention {
            Some(
                Attention::SqueezeExcite { reduced: sizes }
                | Attention::EfficientChannel { kernels: sizes },
            ) => &sizes[..],
            None => &[],
        };
        let head_width = self.head_layers.iter().map(|layer| match layer {
            HeadLayer::Linear { outputs, .. } => *outputs,
            HeadLayer::BatchNorm | HeadLayer::Relu => 1,
        });
        let channels = MOST_CHANNELS;
        for (what, found, most) in [
            (
                "the number of blocks in a stage",
                most_of(&self.repetitions),
                MOST_BLOCKS,
            ),
            ("the number of classes", self.classes, MOST_CLASSES),
            (
                "the number of input channels",
                self.input_channels,
                channels,
            ),
            ("the stem's width", self.stem.channels, channels),
            ("the stem's width", most_of(&deep), channels),
            ("a stage's width", most_of(&self.widths), channels),
            ("an attention's width", most_of(inside), channels),
            ("the input width", width, MOST_WIDTH),
            ("`groups`", self.groups, channels),
            ("`width_per_group`", self.width_per_group, channels),
            (
                "the number of the head's layers",
                self.head_layers.len(),
                MOST_HEAD_LAYERS,
            ),
            (
                "the width of a head's layer",
                head_width.max().unwrap_or(0),
                MOST_CLASSES,
            ),
        ] {
            if found > most {
                return Err(ConfigError::TooLarge { what, found, most });
            }
        }
        if self.input_channels == 0 {
            return Err(ConfigError::ZeroInputChannels);
        }
        let least_of = |numbers: &[usize]| numbers.iter().copied().min().unwrap_or(1);
        for (what, found) in [
            (
                "channels in the stem",
                self.stem.channels.min(least_of(&deep)),
            ),
            ("channels", least_of(&self.widths)),
            ("channels in its attention", least_of(inside)),
        ] {
            if found == 0 {
                return Err(ConfigError::ZeroBlockSize { what });
            }
        }
        Ok(())
    }

    fn check_groups(&self) -> Result<(), ConfigError> {
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

    fn check_head(&self) -> Result<(), ConfigError> {
        let stride = self.total_stride();
        if let Head::Flatten { input_width: width } = self.head {
            if width == 0 || !width.is_multiple_of(stride) {
                return Err(ConfigError::InputWidth { width, stride });
            }
            if self.classes == 0 {
                return Err(ConfigError::ZeroClasses);
            }
        }
        let mut outputs = self.head_layers.iter().filter_map(|layer| match layer {
            HeadLayer::Linear { outputs, .. } => Some(*outputs),
            HeadLayer::BatchNorm | HeadLayer::Relu => None,
        });
        if outputs.clone().any(|outputs| outputs == 0) {
            return Err(ConfigError::ZeroBlockSize {
                what: "features in the head",
            });
        }
        let found = outputs.next_back().unwrap_or(0);
        if !self.head_layers.is_empty() && found != self.classes {
            let classes = self.classes;
            return Err(ConfigError::HeadOutputs { found, classes });
        }
        // A batch norm is folded into the linear layer before or after it.
        let is_linear = |layer: &HeadLayer| matches!(layer, HeadLayer::Linear { .. });
        let can_fold =
            |run: &[HeadLayer]| !run.contains(&HeadLayer::BatchNorm) || run.iter().any(is_linear);
        let mut runs = self.head_layers.split(|layer| *layer == HeadLayer::Relu);
        if !runs.all(can_fold) {
            return Err(ConfigError::HeadNorm);
        }
        Ok(())
    }

    fn check_reference(&self) -> Result<(), ConfigError> {
        let variants = [
            (
                self.stride_on == StrideOn::Conv1,
                "stride on the first convolution (conv1)",
            ),
            (
                !matches!(self.head, Head::Flatten { .. }),
                "head but a flatten head",
            ),
            (!self.head_layers.is_empty(), "head of several layers"),
            (
                self.stem != Stem::default(),
                "stem but a 7x7 convolution to 64 channels",
            ),
            (
                self.widths != Self::usual_widths(self.widths.len()),
                "other widths",
            ),
            (
                self.shortcut != ShortcutKind::Projection,
                "shortcut but a projection",
            ),
            (self.attention.is_some(), "attention"),
            (self.anti_aliasing.is_some(), "anti-aliasing"),
            (self.pre_activation, "pre-activation"),
            (self.repetitions.len() != 4, "number of stages but four"),
        ];
        match variants.into_iter().find(|(found, _)| *found) {
            Some((_, what)) => Err(ConfigError::Reference { what }),
            None => Ok(()),
        }
    }
}
