//! The residual block.

use super::layers::{
    AttentionKind, AttentionSpec, ConvSpec, LinearSpec, NormSpec, PoolKind, PoolSpec,
};
use super::{ShapeError, TensorSpec};
use crate::resnet::config::{
    AntiAliasing, BlockKind, ConfigError, Family, STEM_CHANNELS, ShortcutKind, StrideOn,
};

/// A residual block: `convolutions(x) + shortcut(x)`, with ReLU after it, or batch norm and ReLU before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockSpec {
    /// The block's name; empty for a block that stands alone.
    pub name: String,
    /// The class's name in the family's PyTorch code.
    pub kind: &'static str,
    /// With pre-activation: what the first convolution and a projection read goes through this first.
    pub pre_activation: Option<NormSpec>,
    /// The residual function F(x): two convolutions, or three with a bottleneck.
    pub convolutions: Vec<ConvSpec>,
    /// The place of a convolution, and what pools its output after its ReLU.
    pub anti_aliasing: Option<(usize, PoolSpec)>,
    /// What weighs the channels of the last convolution's output.
    pub attention: Option<AttentionSpec>,
    /// How the input gets the shape of the output. `None`: it is added as it is.
    pub shortcut: Option<ShortcutSpec>,
    /// The name of the ReLU after the addition. `None` with pre-activation.
    pub relu: Option<String>,
}

/// How a block's input gets the shape of its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShortcutSpec {
    /// The projection W_s of He et al. 2015, equation 2. With pre-activation it reads what the first convolution reads.
    Projection {
        /// What comes before it: ResNet-D's average.
        pool: Option<PoolSpec>,
        /// The 1x1 convolution.
        convolution: ConvSpec,
    },
    /// Every `stride`-th pixel, between channels of zeros.
    ZeroPadded {
        /// Its name.
        name: String,
        /// The step, in pixels.
        stride: usize,
        /// Channels of zeros before the input's.
        before: usize,
        /// And after them.
        after: usize,
    },
}

/// What a single residual block is built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockConfig {
    /// Whose conventions it follows.
    pub family: Family,
    /// With a bottleneck or without.
    pub kind: BlockKind,
    /// Channels that come in.
    pub input_channels: usize,
    /// torchvision's `planes`; `expansion` times as many channels go out.
    pub width: usize,
    /// The block's step in pixels.
    pub stride: usize,
    /// Which convolution carries the stride, with a bottleneck.
    pub stride_on: StrideOn,
    /// Groups of a bottleneck's 3x3 convolution.
    pub groups: usize,
    /// Channels of each group where `width` is 64.
    pub width_per_group: usize,
    /// How its input gets the shape of its output.
    pub shortcut: ShortcutKind,
    /// What weighs its channels.
    pub attention: Option<BlockAttention>,
    /// What has the stride instead of the convolution.
    pub anti_aliasing: Option<AntiAliasing>,
    /// Whether batch norm and ReLU come before convolutions.
    pub pre_activation: bool,
}

/// What weighs a block's channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockAttention {
    /// Squeeze-and-excitation with so many channels between its layers.
    SqueezeExcite(usize),
    /// Efficient channel attention with a kernel of this length.
    EfficientChannel(usize),
}

impl BlockConfig {
    /// torchvision's block, or the reference's.
    pub const fn new(family: Family, kind: BlockKind, input_channels: usize, width: usize) -> Self {
        Self {
            family,
            kind,
            input_channels,
            width,
            stride: 1,
            stride_on: StrideOn::Conv2,
            groups: 1,
            width_per_group: STEM_CHANNELS,
            shortcut: ShortcutKind::Projection,
            attention: None,
            anti_aliasing: None,
            pre_activation: false,
        }
    }

    /// Channels that go out.
    pub const fn output_channels(&self) -> usize {
        self.width * self.kind.expansion()
    }

    /// Channels of a bottleneck's 3x3 convolution, as torchvision's `Bottleneck` works them out.
    pub const fn inner_channels(&self) -> usize {
        self.width * self.width_per_group / STEM_CHANNELS * self.groups
    }

    /// The block's spec; `name` is empty for a block that stands alone.
    ///
    /// # Errors
    /// A size of zero, channels that a zero-padded shortcut cannot make, or the reference's no-bottleneck block of stride 1
    /// with different channels on both sides.
    pub fn spec(&self, name: &str) -> Result<BlockSpec, ConfigError> {
        let sizes = [
            (self.input_channels, "input channels"),
            (self.width, "channels"),
            (self.stride, "pixels of stride"),
            (self.inner_channels(), "channels of its 3x3 convolution"),
        ];
        if let Some(&(_, what)) = sizes.iter().find(|(value, _)| *value == 0) {
            return Err(ConfigError::ZeroBlockSize { what });
        }
        let prefix = if name.is_empty() {
            String::new()
        } else {
            format!("{name}.")
        };
        Ok(BlockSpec {
            name: name.to_owned(),
            kind: self.class(),
            pre_activation: self.pre_activation.then(|| NormSpec {
                name: format!("{prefix}norm1"),
                relu: Some(format!("{prefix}norm1.act")),
                channels: self.input_channels,
            }),
            convolutions: self.convolutions(&prefix),
            anti_aliasing: self.pool_for_stride(&prefix),
            attention: self.attention_spec(&prefix),
            shortcut: self.shortcut_spec(&prefix)?,
            relu: (!self.pre_activation).then(|| format!("{prefix}relu")),
        })
    }

    fn is_reference(&self) -> bool {
        self.family == Family::Reference
    }

    const fn class(&self) -> &'static str {
        match (self.family, self.kind, self.pre_activation) {
            (Family::Reference, BlockKind::NoBottleneck, _) => "ResidualBlockNoBottleneck",
            (Family::Reference, BlockKind::Bottleneck, _) => "ResidualBlockBottleneck",
            (Family::Torchvision, BlockKind::NoBottleneck, false) => "BasicBlock",
            (Family::Torchvision, BlockKind::Bottleneck, false) => "Bottleneck",
            (Family::Torchvision, BlockKind::NoBottleneck, true) => "PreActBasic",
            (Family::Torchvision, BlockKind::Bottleneck, true) => "PreActBottleneck",
        }
    }

    /// The place of the convolution that has the stride.
    fn strided(&self) -> usize {
        match (self.kind, self.stride_on) {
            (BlockKind::NoBottleneck, _) | (BlockKind::Bottleneck, StrideOn::Conv1) => 0,
            (BlockKind::Bottleneck, StrideOn::Conv2) => 1,
        }
    }

    fn convolutions(&self, prefix: &str) -> Vec<ConvSpec> {
        // (kernel, channels out, groups) of F(x).
        let inner = self.inner_channels();
        let shapes = match self.kind {
            BlockKind::NoBottleneck => vec![(3, self.width, 1), (3, self.width, 1)],
            BlockKind::Bottleneck => vec![
                (1, inner, 1),
                (3, inner, self.groups),
                (1, self.output_channels(), 1),
            ],
        };
        let last = shapes.len() - 1;
        let mut channels = self.input_channels;
        let convolution = |(i, (kernel, output_channels, groups))| {
            let input_channels = std::mem::replace(&mut channels, output_channels);
            let has_stride = i == self.strided() && self.anti_aliasing.is_none();
            // The reference numbers convolution, batch norm and ReLU through one Sequential; torchvision numbers the
            // convolutions and shares one ReLU; with pre-activation a convolution's batch norm is numbered as the next one's.
            let (name, norm, relu) = if self.is_reference() {
                (
                    format!("block.{}", 3 * i),
                    Some(format!("block.{}", 3 * i + 1)),
                    format!("block.{}", 3 * i + 2),
                )
            } else if self.pre_activation {
                let norm = format!("norm{}", i + 2);
                let relu = format!("{norm}.act");
                (format!("conv{}", i + 1), (i < last).then_some(norm), relu)
            } else {
                (
                    format!("conv{}", i + 1),
                    Some(format!("bn{}", i + 1)),
                    "relu".to_owned(),
                )
            };
            ConvSpec {
                name: format!("{prefix}{name}"),
                norm: norm.map(|norm| format!("{prefix}{norm}")),
                relu: (i < last).then(|| format!("{prefix}{relu}")),
                input_channels,
                output_channels,
                kernel,
                stride: if has_stride { self.stride } else { 1 },
                padding: kernel / 2,
                groups,
                bias: false,
            }
        };
        shapes.into_iter().enumerate().map(convolution).collect()
    }

    fn pool_for_stride(&self, prefix: &str) -> Option<(usize, PoolSpec)> {
        let kind = self.anti_aliasing.filter(|_| self.stride != 1)?;
        Some((
            self.strided(),
            anti_aliasing_pool(kind, format!("{prefix}aa")),
        ))
    }

    fn attention_spec(&self, prefix: &str) -> Option<AttentionSpec> {
        let channels = self.output_channels();
        let linear = |name: &str, inputs, outputs| LinearSpec {
            name: format!("{prefix}se.{name}"),
            inputs,
            outputs,
            bias: true,
        };
        let kind = match self.attention? {
            BlockAttention::SqueezeExcite(reduced) => AttentionKind::SqueezeExcite {
                reduce: linear("fc1", channels, reduced),
                relu: format!("{prefix}se.act"),
                expand: linear("fc2", reduced, channels),
            },
            BlockAttention::EfficientChannel(kernel) => AttentionKind::EfficientChannel {
                convolution: format!("{prefix}se.conv"),
                kernel,
            },
        };
        Some(AttentionSpec {
            name: format!("{prefix}se"),
            channels,
            kind,
            gate: format!("{prefix}se.gate"),
        })
    }

    fn shortcut_spec(&self, prefix: &str) -> Result<Option<ShortcutSpec>, ConfigError> {
        let (input_channels, output_channels) = (self.input_channels, self.output_channels());
        let reference_no_bottleneck = self.is_reference() && self.kind == BlockKind::NoBottleneck;
        let channels_differ = input_channels != output_channels;
        if reference_no_bottleneck && self.stride == 1 && channels_differ {
            return Err(ConfigError::ReferenceShortcutChannels {
                input_channels,
                output_channels,
            });
        }
        let is_needed = self.stride != 1 || (channels_differ && !reference_no_bottleneck);
        if !is_needed {
            return Ok(None);
        }
        let name = if self.is_reference() {
            format!("{prefix}shortcut")
        } else {
            format!("{prefix}downsample")
        };
        let averaged = match self.shortcut {
            ShortcutKind::Projection => false,
            ShortcutKind::AveragePool => true,
            ShortcutKind::ZeroPadded | ShortcutKind::ZeroPaddedAfter => {
                let zeros = output_channels
                    .checked_sub(input_channels)
                    .filter(|zeros| {
                        zeros % 2 == 0 || self.shortcut == ShortcutKind::ZeroPaddedAfter
                    })
                    .ok_or(ConfigError::ZeroPadding {
                        input_channels,
                        output_channels,
                    })?;
                let before = match self.shortcut {
                    ShortcutKind::ZeroPadded => zeros / 2,
                    _ => 0,
                };
                return Ok(Some(ShortcutSpec::ZeroPadded {
                    name,
                    stride: self.stride,
                    before,
                    after: zeros - before,
                }));
            }
        };
        let place = usize::from(averaged);
        let (convolution, norm) = if self.pre_activation {
            (format!("{name}.conv"), None)
        } else {
            let norm = format!("{name}.{}", place + 1);
            (format!("{name}.{place}"), Some(norm))
        };
        let pool = if self.pre_activation {
            format!("{name}.pool")
        } else {
            format!("{name}.0")
        };
        let stride = match (averaged, reference_no_bottleneck) {
            (true, _) => 1,
            // The reference's no-bottleneck projection has stride 2 written out, whatever the block's is, and a bias.
            (false, true) => 2,
            (false, false) => self.stride,
        };
        Ok(Some(ShortcutSpec::Projection {
            pool: (averaged && self.stride != 1).then(|| PoolSpec {
                stride: self.stride,
                ..PoolSpec::average(pool, true)
            }),
            convolution: ConvSpec {
                name: convolution,
                norm,
                relu: None,
                input_channels,
                output_channels,
                kernel: 1,
                stride,
                padding: 0,
                groups: 1,
                bias: reference_no_bottleneck,
            },
        }))
    }
}

/// What has stride 2 instead of a convolution.
pub(super) fn anti_aliasing_pool(kind: AntiAliasing, name: String) -> PoolSpec {
    match kind {
        AntiAliasing::Blur => PoolSpec::of_three(name, PoolKind::Blur, 2),
        AntiAliasing::Average => PoolSpec::average(name, false),
    }
}

impl ShortcutSpec {
    /// Its convolution, if it has one.
    pub const fn convolution(&self) -> Option<&ConvSpec> {
        match self {
            Self::Projection { convolution, .. } => Some(convolution),
            Self::ZeroPadded { .. } => None,
        }
    }

    fn output_size(&self, size: [usize; 2]) -> Result<[usize; 2], ShapeError> {
        match self {
            Self::Projection { pool, convolution } => {
                let size = match pool {
                    Some(pool) => pool.checked_size(size)?,
                    None => size,
                };
                Ok(convolution.output_size(size))
            }
            Self::ZeroPadded { stride, .. } => Ok(size.map(|side| side.div_ceil(*stride))),
        }
    }
}

impl BlockSpec {
    /// Height and width of the output for an input of this height and width.
    ///
    /// # Errors
    /// [`ShapeError::Branches`] if the two branches come out in different sizes, [`ShapeError::Small`] for an input that is too
    /// small for a pooling.
    pub fn output_size(&self, size: [usize; 2]) -> Result<[usize; 2], ShapeError> {
        let mut main = size;
        for (i, convolution) in self.convolutions.iter().enumerate() {
            main = convolution.output_size(main);
            if let Some(pool) = self.pool_after(i) {
                main = pool.checked_size(main)?;
            }
        }
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.output_size(size)?,
            None => size,
        };
        if main != shortcut {
            return Err(ShapeError::Branches {
                block: self.name.clone(),
                main,
                shortcut,
            });
        }
        Ok(main)
    }

    /// What pools the output of the convolution at this place.
    pub fn pool_after(&self, convolution: usize) -> Option<&PoolSpec> {
        let (place, pool) = self.anti_aliasing.as_ref()?;
        (*place == convolution).then_some(pool)
    }

    /// Checks that an input `[batch, channels, height, width]` fits.
    ///
    /// # Errors
    /// [`ShapeError::Channels`] for another number of channels, and those of [`output_size`](Self::output_size).
    pub fn check_input(&self, [_, channels, height, width]: [usize; 4]) -> Result<(), ShapeError> {
        if channels != self.input_channels() {
            return Err(ShapeError::Channels {
                expected: self.input_channels(),
                found: channels,
            });
        }
        self.output_size([height, width])?;
        Ok(())
    }

    /// Channels that come in.
    pub fn input_channels(&self) -> usize {
        self.convolutions[0].input_channels
    }

    /// Channels that go out.
    pub fn output_channels(&self) -> usize {
        self.convolutions[self.convolutions.len() - 1].output_channels
    }

    /// The projection's convolution, if there is one.
    pub fn projection(&self) -> Option<&ConvSpec> {
        self.shortcut.as_ref()?.convolution()
    }

    /// Every convolution, the shortcut's last.
    pub fn all_convolutions(&self) -> impl Iterator<Item = &ConvSpec> {
        self.convolutions.iter().chain(self.projection())
    }

    pub(super) fn tensors(&self) -> Vec<TensorSpec> {
        let norm = self.pre_activation.iter().flat_map(NormSpec::tensors);
        let attention = self.attention.iter().flat_map(AttentionSpec::tensors);
        norm.chain(self.convolutions.iter().flat_map(ConvSpec::tensors))
            .chain(attention)
            .chain(self.projection().into_iter().flat_map(ConvSpec::tensors))
            .collect()
    }
}
