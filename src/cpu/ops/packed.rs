//! Weights in the order in which the kernels read them.

use std::fmt;

use resnet_web_core::resnet::conv::{Arithmetic, ConvShape};
use resnet_web_core::size::product;
use resnet_web_kernels::packing::{pack, padded, unpack_row};
use resnet_web_kernels::winograd::{self, Tiling, pack_kernel};
use resnet_web_kernels::{Window, grouped, quantise};

/// From this many output channels on a map is small, and reading larger weights costs what fewer multiplications save.
const MANY_CHANNELS: usize = 256;

/// A convolution's weights and bias, packed for the kernel that computes it.
pub struct PackedConv {
    kernel: Kernel,
    /// Zeros fill it up to whole panels.
    bias: Vec<f32>,
    shape: ConvShape,
}

/// Weights for one of the ways in which a convolution is computed.
pub(super) enum Kernel {
    /// In groups: vectors of output channels of a group.
    Grouped(Vec<f32>),
    /// The same in eight bits: words of four, and each output channel's scale and sum.
    GroupedInt8(Vec<f32>),
    /// As a matrix product: panels of output channels.
    Direct(Vec<f32>),
    /// As a matrix product in eight bits: words of four, and each output channel's scale and sum.
    Int8(Vec<f32>),
    /// By Winograd's algorithm: transformed, then in panels.
    Winograd(Tiling, Vec<f32>),
}

/// How a convolution is computed.
enum Algorithm {
    Grouped,
    GroupedInt8,
    Direct,
    Int8,
    Winograd(Tiling),
}

impl Algorithm {
    fn of(shape: ConvShape) -> Self {
        let int8 = shape.arithmetic == Arithmetic::Int8 && quantise::IS_AVAILABLE;
        let fits = winograd::fits(shape.inputs, shape.outputs);
        match shape {
            ConvShape { groups: 2.., .. } if int8 && in_groups(shape).fits_int8() => {
                Self::GroupedInt8
            }
            ConvShape { groups: 2.., .. } => Self::Grouped,
            ConvShape { inputs, .. } if int8 && inputs.is_multiple_of(quantise::CHANNELS) => {
                Self::Int8
            }
            ConvShape {
                kernel: 3,
                stride: 1,
                padding: 1,
                outputs,
                ..
            } if fits => Self::Winograd(if outputs < MANY_CHANNELS {
                Tiling::Four
            } else {
                Tiling::Two
            }),
            _ => Self::Direct,
        }
    }
}

impl PackedConv {
    /// Packs a `weight` `[out, in / groups, height, width]`, row by row, and a `bias` `[out]`.
    ///
    /// # Panics
    /// If there are more or fewer numbers than `shape` says.
    pub fn new(weight: Vec<f32>, mut bias: Vec<f32>, shape: ConvShape) -> Self {
        let sides = shape.weight();
        let [outputs, inputs, _, _] = sides;
        assert!(
            weight.len() == sides.iter().product::<usize>() && bias.len() == outputs,
            "expected weights of {sides:?} and as many biases as outputs, found {} and {}",
            weight.len(),
            bias.len()
        );
        bias.resize(padded(outputs), 0.0);
        let kernel = match Algorithm::of(shape) {
            Algorithm::Grouped => Kernel::Grouped(grouped::pack(&weight, in_groups(shape))),
            Algorithm::GroupedInt8 => {
                Kernel::GroupedInt8(grouped::pack_int8(&weight, in_groups(shape)))
            }
            Algorithm::Direct => Kernel::Direct(pack(&weight, outputs, inputs)),
            Algorithm::Int8 => Kernel::Int8(quantise::pack(&weight, outputs, inputs)),
            Algorithm::Winograd(tiling) => {
                Kernel::Winograd(tiling, pack_kernel(tiling, &weight, inputs, outputs))
            }
        };
        Self {
            kernel,
            bias,
            shape,
        }
    }

    /// Channels, kernel, stride, padding, groups.
    pub fn shape(&self) -> ConvShape {
        self.shape
    }

    /// How many numbers of four bytes the weights take: [`packed_size`] of the shape.
    pub fn size(&self) -> usize {
        match &self.kernel {
            Kernel::Grouped(packed)
            | Kernel::GroupedInt8(packed)
            | Kernel::Direct(packed)
            | Kernel::Int8(packed)
            | Kernel::Winograd(_, packed) => packed.len(),
        }
    }

    pub(super) fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    pub(super) fn padded_bias(&self) -> &[f32] {
        &self.bias
    }
}

impl fmt::Debug for PackedConv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The weights are millions of numbers.
        f.debug_tuple("PackedConv").field(&self.shape).finish()
    }
}

/// How many numbers of four bytes the packed weights of a convolution take, known before there are any.
pub fn packed_size(shape: ConvShape) -> u64 {
    let [outputs, inputs, height, width] = shape.weight();
    let padded = padded(outputs);
    let padded_in_groups = shape.groups * grouped::padded(outputs / shape.groups);
    match Algorithm::of(shape) {
        Algorithm::Grouped => {
            let inputs = grouped::padded(inputs);
            product(&[padded_in_groups, inputs, height, width])
        }
        Algorithm::GroupedInt8 => {
            let words = product(&[padded_in_groups, inputs / quantise::WORD, height, width]);
            words.saturating_add(product(&[2, padded_in_groups]))
        }
        Algorithm::Direct => product(&[padded, inputs, height, width]),
        Algorithm::Int8 => {
            let words = product(&[padded, inputs / quantise::WORD, height, width]);
            words.saturating_add(product(&[2, padded]))
        }
        Algorithm::Winograd(tiling) => product(&[padded, inputs, tiling.inputs(), tiling.inputs()]),
    }
}

/// The shape of a convolution in groups.
pub(super) fn in_groups(shape: ConvShape) -> grouped::Shape {
    grouped::Shape {
        inputs: shape.inputs,
        outputs: shape.outputs,
        groups: shape.groups,
        window: window(shape),
    }
}

/// What a convolution reads for each of its outputs.
pub(super) fn window(shape: ConvShape) -> Window {
    Window {
        side: shape.kernel,
        stride: shape.stride,
        padding: shape.padding,
    }
}

/// The arithmetic that a convolution uses when it is asked for `arithmetic`: f32 where this build has no other.
pub fn supported(arithmetic: Arithmetic) -> Arithmetic {
    if quantise::IS_AVAILABLE {
        arithmetic
    } else {
        Arithmetic::F32
    }
}

/// Every arithmetic that this build has.
pub fn arithmetics() -> Vec<Arithmetic> {
    let all = [Arithmetic::F32, Arithmetic::Int8];
    all.into_iter()
        .filter(|&one| supported(one) == one)
        .collect()
}

/// A linear layer's weights and bias, packed for the kernel.
pub struct PackedLinear {
    panels: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
}

impl PackedLinear {
    /// Packs a `weight` `[out, in]`, row by row, and a `bias` `[out]`; `size` is in and out.
    ///
    /// # Panics
    /// If there are more or fewer numbers than `size` says.
    pub fn new(weight: Vec<f32>, bias: Vec<f32>, [inputs, outputs]: [usize; 2]) -> Self {
        assert!(
            weight.len() == inputs * outputs && bias.len() == outputs,
            "expected weights of {:?} and as many biases as outputs, found {} and {}",
            [outputs, inputs],
            weight.len(),
            bias.len()
        );
        Self {
            panels: pack(&weight, outputs, inputs),
            bias,
            inputs,
        }
    }

    /// The weights of one output, in the order of the features.
    ///
    /// # Panics
    /// If there are fewer outputs.
    pub fn row(&self, output: usize) -> Vec<f32> {
        unpack_row(&self.panels, self.inputs, output)
    }

    pub(super) fn panels(&self) -> &[f32] {
        &self.panels
    }

    /// One number for each output.
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// Features in and out.
    pub fn size(&self) -> [usize; 2] {
        [self.inputs, self.bias.len()]
    }
}

impl fmt::Debug for PackedLinear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PackedLinear").field(&self.size()).finish()
    }
}
