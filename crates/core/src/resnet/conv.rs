//! The shape and the arithmetic of a convolution.

use serde::{Deserialize, Serialize};

/// A convolution's shape: square kernels, the same stride and padding in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    /// Height and width of the kernel.
    pub kernel: usize,
    /// In pixels.
    pub stride: usize,
    /// Zeros added on each side, in pixels.
    pub padding: usize,
    /// How many groups the channels are divided into.
    pub groups: usize,
    /// f32 or int8.
    pub arithmetic: Arithmetic,
}

/// The numbers that a convolution computes with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum Arithmetic {
    /// f32.
    #[default]
    F32,
    /// int8, where the device and this build support it (`quantise` in the kernels), otherwise f32.
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
