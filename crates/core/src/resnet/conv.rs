//! A convolution in numbers: its shape and what it calculates with.

use serde::{Deserialize, Serialize};

/// A convolution's numbers: square kernels, the same step and padding both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    /// Height and width of the kernel.
    pub kernel: usize,
    /// Step in pixels.
    pub stride: usize,
    /// Zeros on each side.
    pub padding: usize,
    /// Parts into which the channels fall.
    pub groups: usize,
    /// What is calculated with.
    pub arithmetic: Arithmetic,
}

/// What a convolution calculates with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Arithmetic {
    /// Numbers of 32 bits.
    #[default]
    F32,
    /// Whole numbers of eight bits, where the device and this build can (see `Quantised` in the kernels): else as above.
    Int8,
}

impl ConvShape {
    /// PyTorch's weight: `[out, in / groups, height, width]`.
    pub const fn weight(&self) -> [usize; 4] {
        [
            self.outputs,
            self.inputs / self.groups,
            self.kernel,
            self.kernel,
        ]
    }

    /// Height or width of the output for that of the input.
    pub const fn output_side(&self, side: usize) -> usize {
        (side + 2 * self.padding - self.kernel) / self.stride + 1
    }
}
