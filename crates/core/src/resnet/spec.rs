//! The spec: every layer with its name, sizes and tensors, without values.
//!
//! A [`NetworkSpec`] is made once from a [`ResNetConfig`]. Networks are built from it, the summary is derived from it, and a
//! weight file is checked against it, so that the three cannot disagree.
//!
//! Names are PyTorch's: a layer's name is what `named_modules` calls it, a tensor's what `state_dict` does.

use thiserror::Error;

use super::config::{
    BlockKind, ConfigError, Family, Head, ResNetConfig, STEM_CHANNELS, STEM_KERNEL, StrideOn,
    TOTAL_STRIDE,
};
use super::conv::{Arithmetic, ConvShape};

/// A convolution, the batch norm after it, and the ReLU after that where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvSpec {
    /// The convolution's name.
    pub name: String,
    /// The batch norm's name.
    pub norm: String,
    /// The ReLU's name. `None` where a block's addition comes first.
    pub relu: Option<String>,
    /// Channels in.
    pub input_channels: usize,
    /// Channels out.
    pub output_channels: usize,
    /// Height and width of the square kernel.
    pub kernel: usize,
    /// Step, in pixels, both ways.
    pub stride: usize,
    /// Zeros added on each side.
    pub padding: usize,
    /// Parts into which the channels fall; each part of the output sees its own part of the input.
    pub groups: usize,
    /// Whether the convolution itself has a bias: only the reference's no-bottleneck shortcut does.
    pub bias: bool,
}

/// Max pooling between the stem's convolution and the first stage: 3x3, stride 2, padding 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSpec {
    /// The layer's name.
    pub name: String,
}

/// A residual block: `relu(convolutions(x) + shortcut(x))`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockSpec {
    /// The block's name; empty for a block that stands alone.
    pub name: String,
    /// The class's name in the family's PyTorch code.
    pub kind: &'static str,
    /// The residual function F(x): two convolutions, or three with a bottleneck.
    pub convolutions: Vec<ConvSpec>,
    /// The projection W_s of He et al. 2015, equation 2. `None`: the input is added as it is.
    pub shortcut: Option<ConvSpec>,
    /// The name of the ReLU after the addition.
    pub relu: String,
}

/// Blocks of one resolution: `layer1` to `layer4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSpec {
    /// The stage's name.
    pub name: String,
    /// Its blocks, of which only the first changes the resolution.
    pub blocks: Vec<BlockSpec>,
}

/// From the last stage's map to the logits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadSpec {
    /// What it does with the map.
    pub kind: Head,
    /// The average pool's name, where there is one.
    pub pool: Option<String>,
    /// The flattening's name.
    pub flatten: String,
    /// The linear layer's name.
    pub linear: String,
    /// The name of the softmax or sigmoid.
    pub activation: String,
    /// The container that holds these layers, in the reference network.
    pub container: Option<String>,
    /// Features that go into the linear layer.
    pub features: usize,
    /// Logits that come out.
    pub classes: usize,
}

/// A whole network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSpec {
    /// What it was made from.
    pub config: ResNetConfig,
    /// The 7x7 convolution.
    pub stem: ConvSpec,
    /// The container that holds the stem's layers, in the reference network.
    pub stem_container: Option<String>,
    /// The pooling after it.
    pub pool: PoolSpec,
    /// The four stages.
    pub stages: Vec<StageSpec>,
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

/// How many windows of `kernel` pixels there are along a side, with this stride and padding.
const fn windows(size: usize, kernel: usize, stride: usize, padding: usize) -> usize {
    (size.saturating_add(2 * padding) - kernel) / stride + 1
}

impl ConvSpec {
    /// Height and width of the output for an input of this height and width.
    pub fn output_size(&self, size: [usize; 2]) -> [usize; 2] {
        size.map(|side| windows(side, self.kernel, self.stride, self.padding))
    }

    /// The convolution's shape, without names.
    pub const fn shape(&self) -> ConvShape {
        ConvShape {
            inputs: self.input_channels,
            outputs: self.output_channels,
            kernel: self.kernel,
            stride: self.stride,
            padding: self.padding,
            groups: self.groups,
            arithmetic: Arithmetic::F32,
        }
    }

    /// The weight's shape in PyTorch's order: `[out, in / groups, height, width]`.
    pub const fn weight_shape(&self) -> [usize; 4] {
        self.shape().weight()
    }

    /// The convolution's tensors.
    pub fn convolution_tensors(&self) -> Vec<TensorSpec> {
        let mut tensors = vec![TensorSpec::new(&self.name, "weight", &self.weight_shape())];
        if self.bias {
            tensors.push(TensorSpec::new(&self.name, "bias", &[self.output_channels]));
        }
        tensors
    }

    /// The batch norm's tensors: weight, bias, running mean, running variance.
    pub fn norm_tensors(&self) -> [TensorSpec; 4] {
        ["weight", "bias", "running_mean", "running_var"]
            .map(|part| TensorSpec::new(&self.norm, part, &[self.output_channels]))
    }

    fn tensors(&self) -> impl Iterator<Item = TensorSpec> {
        self.convolution_tensors()
            .into_iter()
            .chain(self.norm_tensors())
    }
}

impl PoolSpec {
    /// Side of the pooling window.
    pub const KERNEL: usize = 3;
    /// Its step.
    pub const STRIDE: usize = 2;
    /// Pixels added on each side, which never win the maximum.
    pub const PADDING: usize = 1;

    /// Height and width of the output for an input of this height and width.
    pub fn output_size(&self, size: [usize; 2]) -> [usize; 2] {
        size.map(|side| windows(side, Self::KERNEL, Self::STRIDE, Self::PADDING))
    }
}

impl TensorSpec {
    fn new(layer: &str, part: &str, shape: &[usize]) -> Self {
        Self {
            name: format!("{layer}.{part}"),
            shape: shape.to_vec(),
        }
    }
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
}

impl BlockConfig {
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
    /// A size of zero, or the reference's no-bottleneck block of stride 1 with different channels on both sides.
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
        let reference = self.family == Family::Reference;
        let reference_no_bottleneck = reference && self.kind == BlockKind::NoBottleneck;
        let output_channels = self.output_channels();
        let channels_differ = self.input_channels != output_channels;
        if reference_no_bottleneck && self.stride == 1 && channels_differ {
            return Err(ConfigError::ReferenceShortcutChannels {
                input_channels: self.input_channels,
                output_channels,
            });
        }

        let prefix = if name.is_empty() {
            String::new()
        } else {
            format!("{name}.")
        };
        // (kernel, channels out, stride, groups) of F(x).
        let convolutions = match self.kind {
            BlockKind::NoBottleneck => {
                vec![(3, self.width, self.stride, 1), (3, self.width, 1, 1)]
            }
            BlockKind::Bottleneck => {
                let [first, second] = match self.stride_on {
                    StrideOn::Conv1 => [self.stride, 1],
                    StrideOn::Conv2 => [1, self.stride],
                };
                let inner = self.inner_channels();
                vec![
                    (1, inner, first, 1),
                    (3, inner, second, self.groups),
                    (1, output_channels, 1, 1),
                ]
            }
        };
        let last = convolutions.len() - 1;
        let mut channels = self.input_channels;
        let convolutions = convolutions
            .into_iter()
            .enumerate()
            .map(|(i, (kernel, output_channels, stride, groups))| {
                // The reference numbers convolution, batch norm and ReLU through one Sequential;
                // torchvision numbers the convolutions and shares one ReLU.
                let (conv, norm, relu) = if reference {
                    (
                        format!("{prefix}block.{}", 3 * i),
                        format!("{prefix}block.{}", 3 * i + 1),
                        format!("{prefix}block.{}", 3 * i + 2),
                    )
                } else {
                    (
                        format!("{prefix}conv{}", i + 1),
                        format!("{prefix}bn{}", i + 1),
                        format!("{prefix}relu"),
                    )
                };
                let input_channels = std::mem::replace(&mut channels, output_channels);
                ConvSpec {
                    name: conv,
                    norm,
                    relu: (i < last).then_some(relu),
                    input_channels,
                    output_channels,
                    kernel,
                    stride,
                    padding: kernel / 2,
                    groups,
                    bias: false,
                }
            })
            .collect();

        let projects = self.stride != 1 || (channels_differ && !reference_no_bottleneck);
        let shortcut_name = if reference { "shortcut" } else { "downsample" };
        let shortcut = projects.then(|| ConvSpec {
            name: format!("{prefix}{shortcut_name}.0"),
            norm: format!("{prefix}{shortcut_name}.1"),
            relu: None,
            input_channels: self.input_channels,
            output_channels,
            kernel: 1,
            // The reference's no-bottleneck projection has stride 2 written out, whatever the block's is, and a bias.
            stride: if reference_no_bottleneck {
                2
            } else {
                self.stride
            },
            padding: 0,
            groups: 1,
            bias: reference_no_bottleneck,
        });

        Ok(BlockSpec {
            name: name.to_owned(),
            kind: match (self.family, self.kind) {
                (Family::Reference, BlockKind::NoBottleneck) => "ResidualBlockNoBottleneck",
                (Family::Reference, BlockKind::Bottleneck) => "ResidualBlockBottleneck",
                (Family::Torchvision, BlockKind::NoBottleneck) => "BasicBlock",
                (Family::Torchvision, BlockKind::Bottleneck) => "Bottleneck",
            },
            convolutions,
            shortcut,
            relu: format!("{prefix}relu"),
        })
    }
}

impl BlockSpec {
    /// Height and width of the output for an input of this height and width.
    ///
    /// # Errors
    /// [`ShapeError::Branches`] if the two branches come out in different sizes.
    pub fn output_size(&self, size: [usize; 2]) -> Result<[usize; 2], ShapeError> {
        let main = self
            .convolutions
            .iter()
            .fold(size, |size, conv| conv.output_size(size));
        let shortcut = self
            .shortcut
            .as_ref()
            .map_or(size, |conv| conv.output_size(size));
        if main != shortcut {
            return Err(ShapeError::Branches {
                block: self.name.clone(),
                main,
                shortcut,
            });
        }
        Ok(main)
    }

    /// Checks that an input `[batch, channels, height, width]` fits.
    ///
    /// # Errors
    /// [`ShapeError::Channels`] for another number of channels, [`ShapeError::Branches`] if the outputs of the two branches
    /// differ in size.
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

    /// Every convolution, the shortcut's last, as PyTorch registers them.
    pub fn all_convolutions(&self) -> impl Iterator<Item = &ConvSpec> {
        self.convolutions.iter().chain(&self.shortcut)
    }
}

impl HeadSpec {
    /// Features in and out of the linear layer.
    pub const fn linear_size(&self) -> [usize; 2] {
        [self.features, self.classes]
    }

    /// PyTorch's class of the activation: a single logit has no other to be weighed against.
    pub const fn activation_kind(&self) -> &'static str {
        if self.classes == 1 {
            "Sigmoid"
        } else {
            "Softmax"
        }
    }

    /// The linear layer's tensors: weight `[classes, features]`, bias `[classes]`.
    pub fn tensors(&self) -> [TensorSpec; 2] {
        [
            TensorSpec::new(&self.linear, "weight", &[self.classes, self.features]),
            TensorSpec::new(&self.linear, "bias", &[self.classes]),
        ]
    }
}

impl NetworkSpec {
    /// Makes the spec of a network.
    ///
    /// # Errors
    /// What [`ResNetConfig::validate`] finds.
    pub fn new(config: &ResNetConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        let reference = config.family == Family::Reference;

        let stem_name = |reference_name: &str, torchvision_name: &str| {
            (if reference {
                reference_name
            } else {
                torchvision_name
            })
            .to_owned()
        };
        let stem = ConvSpec {
            name: stem_name("preliminary.0", "conv1"),
            norm: stem_name("preliminary.1", "bn1"),
            relu: Some(stem_name("preliminary.2", "relu")),
            input_channels: config.input_channels,
            output_channels: STEM_CHANNELS,
            kernel: STEM_KERNEL,
            stride: 2,
            padding: 3,
            groups: 1,
            bias: false,
        };

        let mut channels = STEM_CHANNELS;
        let mut stages = Vec::with_capacity(config.repetitions.len());
        for (i, &repetitions) in config.repetitions.iter().enumerate() {
            let name = format!("layer{}", i + 1);
            let mut blocks = Vec::with_capacity(repetitions);
            for j in 0..repetitions {
                let block = BlockConfig {
                    family: config.family,
                    kind: config.block,
                    input_channels: channels,
                    width: STEM_CHANNELS << i,
                    // Every stage but the first halves the resolution, in its first block.
                    stride: if i > 0 && j == 0 { 2 } else { 1 },
                    stride_on: config.stride_on,
                    groups: config.groups,
                    width_per_group: config.width_per_group,
                };
                blocks.push(block.spec(&format!("{name}.{j}"))?);
                channels = block.output_channels();
            }
            stages.push(StageSpec { name, blocks });
        }

        let features = match config.head {
            Head::AveragePool => channels,
            Head::Flatten { input_width } => channels * (input_width / TOTAL_STRIDE).pow(2),
        };
        let head = HeadSpec {
            kind: config.head,
            pool: (config.head == Head::AveragePool).then(|| "avgpool".to_owned()),
            flatten: stem_name("final.0", "flatten"),
            linear: stem_name("final.1", "fc"),
            activation: stem_name(
                "final.2",
                if config.classes == 1 {
                    "sigmoid"
                } else {
                    "softmax"
                },
            ),
            container: reference.then(|| "final".to_owned()),
            features,
            classes: config.classes,
        };

        Ok(Self {
            config: config.clone(),
            stem,
            stem_container: reference.then(|| "preliminary".to_owned()),
            pool: PoolSpec {
                name: stem_name("maxpool1", "maxpool"),
            },
            stages,
            head,
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
        match self.config.head {
            Head::Flatten { input_width } if [height, width] != [input_width; 2] => {
                Err(ShapeError::Size {
                    expected: input_width,
                    height,
                    width,
                })
            }
            _ => Ok(()),
        }
    }

    /// Every tensor of the network, in PyTorch's order.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let blocks = self.stages.iter().flat_map(|stage| &stage.blocks);
        std::iter::once(&self.stem)
            .chain(blocks.flat_map(BlockSpec::all_convolutions))
            .flat_map(ConvSpec::tensors)
            .chain(self.head.tensors())
            .collect()
    }
}
