//! Single layers: convolution, batch norm, pooling, linear layer, attention.

use super::{ShapeError, TensorSpec};
use crate::resnet::conv::{Arithmetic, ConvShape};

/// A convolution, the batch norm after it, and the ReLU after that where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvSpec {
    /// The convolution's name.
    pub name: String,
    /// The batch norm's name. `None` where none follows: at the end of a block with pre-activation.
    pub norm: Option<String>,
    /// The ReLU's name. `None` where something else comes first: a block's addition, its attention.
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
    /// Whether the convolution itself has a bias.
    pub bias: bool,
}

/// A batch norm on its own, and the ReLU after it where there is one: pre-activation, or between a head's linear layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormSpec {
    /// Its name.
    pub name: String,
    /// The ReLU's name.
    pub relu: Option<String>,
    /// Channels or features.
    pub channels: usize,
}

/// What a pooling makes of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolKind {
    /// The largest value. Padding never wins.
    Max,
    /// The mean of the values, without padding.
    Average,
    /// The binomial mean: weights 1, 2, 1 both ways. The padding is the map reflected at its border.
    Blur,
}

/// A pooling with square windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSpec {
    /// The layer's name.
    pub name: String,
    /// What it makes of a window.
    pub kind: PoolKind,
    /// Side of the window.
    pub kernel: usize,
    /// Its step.
    pub stride: usize,
    /// Pixels added on each side.
    pub padding: usize,
    /// Whether a window may reach over the map's end, where what lies beyond does not count: PyTorch's `ceil_mode`.
    pub ceil: bool,
}

/// A linear layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinearSpec {
    /// Its name.
    pub name: String,
    /// Features in.
    pub inputs: usize,
    /// Features out.
    pub outputs: usize,
    /// Whether it has a bias.
    pub bias: bool,
}

/// Weights for the channels of a map, between 0 and 1, calculated from the channels' means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionSpec {
    /// Its name: `layer1.0.se`.
    pub name: String,
    /// Channels of the map.
    pub channels: usize,
    /// What the weights are calculated by.
    pub kind: AttentionKind,
    /// The name of the sigmoid at the end.
    pub gate: String,
}

/// How an attention calculates its weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttentionKind {
    /// Two linear layers with a ReLU between them.
    SqueezeExcite {
        /// From all channels to a few.
        reduce: LinearSpec,
        /// The ReLU's name.
        relu: String,
        /// And back.
        expand: LinearSpec,
    },
    /// A convolution over neighbouring channels, zeros beyond the first and the last, without a bias.
    EfficientChannel {
        /// Its name.
        convolution: String,
        /// The kernel's length: odd.
        kernel: usize,
    },
}

/// How many windows of `kernel` pixels there are along a side, with this stride and padding; 0 for a side that is too short.
const fn windows(size: usize, kernel: usize, stride: usize, padding: usize) -> usize {
    let padded = size.saturating_add(2 * padding);
    if padded < kernel {
        return 0;
    }
    (padded - kernel) / stride + 1
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

    /// The batch norm's tensors, if it has one: weight, bias, running mean, running variance.
    pub fn norm_tensors(&self) -> Option<[TensorSpec; 4]> {
        let norm = self.norm.as_deref()?;
        Some(norm_tensors(norm, self.output_channels))
    }

    /// The name of the last of convolution and batch norm, which a folded convolution's output has.
    pub fn folded_name(&self) -> &str {
        self.norm.as_deref().unwrap_or(&self.name)
    }

    pub(super) fn tensors(&self) -> impl Iterator<Item = TensorSpec> + use<> {
        self.convolution_tensors()
            .into_iter()
            .chain(self.norm_tensors().into_iter().flatten())
    }
}

fn norm_tensors(name: &str, channels: usize) -> [TensorSpec; 4] {
    ["weight", "bias", "running_mean", "running_var"]
        .map(|part| TensorSpec::new(name, part, &[channels]))
}

impl NormSpec {
    /// Weight, bias, running mean, running variance.
    pub fn tensors(&self) -> [TensorSpec; 4] {
        norm_tensors(&self.name, self.channels)
    }
}

impl PoolSpec {
    /// A pooling of 3x3 windows with a padding of 1.
    pub(super) const fn of_three(name: String, kind: PoolKind, stride: usize) -> Self {
        Self {
            name,
            kind,
            kernel: 3,
            stride,
            padding: 1,
            ceil: false,
        }
    }

    /// An average over 2x2 windows that do not overlap.
    pub(super) const fn average(name: String, ceil: bool) -> Self {
        Self {
            name,
            kind: PoolKind::Average,
            kernel: 2,
            stride: 2,
            padding: 0,
            ceil,
        }
    }

    /// Height and width of the output for an input of this height and width.
    pub fn output_size(&self, size: [usize; 2]) -> [usize; 2] {
        let over = if self.ceil { self.stride - 1 } else { 0 };
        size.map(|side| {
            windows(
                side.saturating_add(over),
                self.kernel,
                self.stride,
                self.padding,
            )
        })
    }

    /// As [`output_size`](Self::output_size), for maps that are large enough.
    ///
    /// # Errors
    /// [`ShapeError::Small`] for a map without a single window, or without a pixel to reflect.
    pub fn checked_size(&self, size: [usize; 2]) -> Result<[usize; 2], ShapeError> {
        let output = self.output_size(size);
        let least = match self.kind {
            PoolKind::Blur => self.padding + 1,
            PoolKind::Max | PoolKind::Average => 1,
        };
        if output.contains(&0) || size.iter().any(|&side| side < least) {
            return Err(ShapeError::Small {
                layer: self.name.clone(),
                size,
            });
        }
        Ok(output)
    }

    /// PyTorch's or timm's class.
    pub const fn class(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "MaxPool2d",
            PoolKind::Average => "AvgPool2d",
            PoolKind::Blur => "BlurPool2d",
        }
    }
}

impl LinearSpec {
    /// Features in and out.
    pub const fn size(&self) -> [usize; 2] {
        [self.inputs, self.outputs]
    }

    /// Weight `[out, in]`, and bias `[out]` where there is one. A file may have the weight of a 1x1 convolution instead,
    /// `[out, in, 1, 1]`.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let mut tensors = vec![TensorSpec::new(
            &self.name,
            "weight",
            &[self.outputs, self.inputs],
        )];
        if self.bias {
            tensors.push(TensorSpec::new(&self.name, "bias", &[self.outputs]));
        }
        tensors
    }
}

impl AttentionSpec {
    /// Its tensors: those of two linear layers, or the kernel `[1, 1, length]`.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        match &self.kind {
            AttentionKind::SqueezeExcite { reduce, expand, .. } => {
                let mut tensors = reduce.tensors();
                tensors.extend(expand.tensors());
                tensors
            }
            AttentionKind::EfficientChannel {
                convolution,
                kernel,
            } => vec![TensorSpec::new(convolution, "weight", &[1, 1, *kernel])],
        }
    }

    /// Its linear layers: two of squeeze-and-excitation, otherwise none.
    pub fn linear_layers(&self) -> impl Iterator<Item = &LinearSpec> {
        let layers = match &self.kind {
            AttentionKind::SqueezeExcite { reduce, expand, .. } => [Some(reduce), Some(expand)],
            AttentionKind::EfficientChannel { .. } => [None, None],
        };
        layers.into_iter().flatten()
    }

    /// timm's class.
    pub const fn class(&self) -> &'static str {
        match self.kind {
            AttentionKind::SqueezeExcite { .. } => "SEModule",
            AttentionKind::EfficientChannel { .. } => "EcaModule",
        }
    }
}
