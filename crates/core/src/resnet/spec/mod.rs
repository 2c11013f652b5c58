//! The spec: every layer with its name, sizes and tensors, without values.
//!
//! A [`NetworkSpec`] is made once from a [`ResNetConfig`]. Networks are built from it, the summary is derived from it, and a
//! weight file is checked against it, so that the three cannot disagree.
//!
//! Names are PyTorch's: a layer's name is what `named_modules` calls it, a tensor's what `state_dict` does.

mod block;
mod head;
mod layers;
mod stem;

use thiserror::Error;

use super::config::{Attention, ConfigError, Head, ResNetConfig};

pub use block::{BlockAttention, BlockConfig, BlockSpec, ShortcutSpec};
pub use head::{HeadLayerSpec, HeadSpec};
pub use layers::{
    AttentionKind, AttentionSpec, ConvSpec, LinearSpec, NormSpec, PoolKind, PoolSpec,
};
pub use stem::StemSpec;

/// Blocks of one resolution: `layer1` to `layer4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSpec {
    /// The stage's name.
    pub name: String,
    /// Its blocks, of which only the first changes the resolution.
    pub blocks: Vec<BlockSpec>,
}

/// A whole network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSpec {
    /// What it was made from.
    pub config: ResNetConfig,
    /// What an image meets first.
    pub stem: StemSpec,
    /// The stages.
    pub stages: Vec<StageSpec>,
    /// With pre-activation: batch norm and ReLU after the last stage.
    pub final_norm: Option<NormSpec>,
    /// The classifier.
    pub head: HeadSpec,
}

/// A tensor that a network needs, by its name in PyTorch's state dict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// The key.
    pub name: String,
    /// Its shape in PyTorch's order.
    pub shape: Vec<usize>,
}

impl TensorSpec {
    fn new(layer: &str, part: &str, shape: &[usize]) -> Self {
        Self {
            name: format!("{layer}.{part}"),
            shape: shape.to_vec(),
        }
    }
}

/// An input that does not fit the network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// A wrong number of channels.
    #[error(
        "the input has {found} channels; this network takes {expected} (shape [batch, channels, height, width])"
    )]
    Channels {
        /// What the network takes.
        expected: usize,
        /// What the input has.
        found: usize,
    },
    /// A flatten head fixes the size.
    #[error(
        "the input is {height} pixels high and {width} wide; \
         this network's flatten head takes exactly {expected} by {expected}"
    )]
    Size {
        /// The one side it takes, in pixels.
        expected: usize,
        /// The input's height.
        height: usize,
        /// The input's width.
        width: usize,
    },
    /// A size of zero.
    #[error(
        "the input's shape is {shape:?}; every one of batch, channels, height and width must be at least 1"
    )]
    Empty {
        /// `[batch, channels, height, width]`.
        shape: [usize; 4],
    },
    /// A map that is too small for a pooling.
    #[error(
        "the input is too small for this network: pooling `{layer}` cannot work on a map of {} by {} pixels. Choose a larger input",
        .size[0],
        .size[1]
    )]
    Small {
        /// The pooling's name.
        layer: String,
        /// Height and width of the map.
        size: [usize; 2],
    },
    /// A block whose branches have different sizes.
    #[error(
        "block `{block}`: the convolutions return {main:?} pixels and the shortcut {shortcut:?}, which cannot be added"
    )]
    Branches {
        /// The block's name.
        block: String,
        /// Height and width out of the convolutions.
        main: [usize; 2],
        /// Height and width out of the shortcut.
        shortcut: [usize; 2],
    },
}

impl NetworkSpec {
    /// Makes the spec of a network.
    ///
    /// # Errors
    /// What [`ResNetConfig::validate`] finds.
    pub fn new(config: &ResNetConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        let stem = StemSpec::new(config);
        let mut channels = config.stem.channels;
        let mut stages = Vec::with_capacity(config.repetitions.len());
        for (i, (&repetitions, &width)) in config.repetitions.iter().zip(&config.widths).enumerate()
        {
            let (name, blocks_name) = if config.pre_activation {
                (format!("stages.{i}"), format!("stages.{i}.blocks"))
            } else {
                let name = format!("layer{}", i + 1);
                (name.clone(), name)
            };
            let attention = config.attention.as_ref().map(|attention| match attention {
                Attention::SqueezeExcite { reduced } => BlockAttention::SqueezeExcite(reduced[i]),
                Attention::EfficientChannel { kernels } => {
                    BlockAttention::EfficientChannel(kernels[i])
                }
            });
            let mut blocks = Vec::with_capacity(repetitions);
            for j in 0..repetitions {
                let block = BlockConfig {
                    // Every stage but the first halves the resolution, in its first block.
                    stride: if i > 0 && j == 0 { 2 } else { 1 },
                    stride_on: config.stride_on,
                    groups: config.groups,
                    width_per_group: config.width_per_group,
                    shortcut: config.shortcut,
                    attention,
                    anti_aliasing: config.anti_aliasing,
                    pre_activation: config.pre_activation,
                    ..BlockConfig::new(config.family, config.block, channels, width)
                };
                blocks.push(block.spec(&format!("{blocks_name}.{j}"))?);
                channels = block.output_channels();
            }
            stages.push(StageSpec { name, blocks });
        }
        Ok(Self {
            config: config.clone(),
            stem,
            stages,
            final_norm: config.pre_activation.then(|| NormSpec {
                name: "norm".to_owned(),
                relu: Some("norm.act".to_owned()),
                channels,
            }),
            head: HeadSpec::new(config, channels),
        })
    }

    /// Checks that an input `[batch, channels, height, width]` fits.
    ///
    /// # Errors
    /// The first thing that does not fit, with what was expected.
    pub fn check_input(&self, shape: [usize; 4]) -> Result<(), ShapeError> {
        let [_, channels, height, width] = shape;
        if shape.contains(&0) {
            return Err(ShapeError::Empty { shape });
        }
        if channels != self.config.input_channels {
            return Err(ShapeError::Channels {
                expected: self.config.input_channels,
                found: channels,
            });
        }
        if let Head::Flatten { input_width } = self.config.head
            && [height, width] != [input_width; 2]
        {
            return Err(ShapeError::Size {
                expected: input_width,
                height,
                width,
            });
        }
        let mut size = self.stem.output_size([height, width])?;
        for block in self.blocks() {
            size = block.output_size(size)?;
        }
        Ok(())
    }

    /// Every block of every stage.
    pub fn blocks(&self) -> impl Iterator<Item = &BlockSpec> {
        self.stages.iter().flat_map(|stage| &stage.blocks)
    }

    /// Every convolution.
    pub fn convolutions(&self) -> impl Iterator<Item = &ConvSpec> {
        let blocks = self.blocks().flat_map(BlockSpec::all_convolutions);
        self.stem.convolutions.iter().chain(blocks)
    }

    /// Channels of the last stage's map.
    pub fn last_channels(&self) -> usize {
        self.config.last_channels()
    }

    /// Every tensor of the network, in PyTorch's order.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let stem = self.stem.convolutions.iter().flat_map(ConvSpec::tensors);
        stem.chain(self.blocks().flat_map(BlockSpec::tensors))
            .chain(self.final_norm.iter().flat_map(NormSpec::tensors))
            .chain(self.head.tensors())
            .collect()
    }
}
