//! The largest value of each channel in a window of pixels: the pooling after the stem.

use super::{Kernel, count, params};
use crate::layout::channel_blocks;

/// Invocations of a workgroup, one for each channel block of an output pixel.
const INVOCATIONS: u32 = 64;
/// Side of a window, in pixels.
const WINDOW: u32 = 3;
/// Its step.
const STRIDE: u32 = 2;
/// Pixels on each side of the map, which never win.
const PADDING: u32 = 1;

params! {
    /// The shader's parameters.
    Params {
        /// Of the input, in pixels.
        height: u32,
        /// Of the input, in pixels.
        width: u32,
        /// Of the output, in pixels.
        out_height: u32,
        /// Of the output, in pixels.
        out_width: u32,
        /// Of a pixel.
        channel_blocks: u32,
    }
}

/// The kernel; there is one variant.
pub fn kernel() -> Kernel {
    Kernel {
        name: "max pool",
        invocations: INVOCATIONS,
        constants: vec![("WINDOW", WINDOW), ("STRIDE", STRIDE), ("PADDING", PADDING)],
        bindings: &["input", "output"],
        source: include_str!("max_pool.wgsl"),
    }
}

impl Params {
    /// For maps `[batch, channels, height, width]`.
    pub fn new(input: [usize; 4], output: [usize; 4]) -> Self {
        let [_, channels, height, width] = input;
        Self {
            height: count(height),
            width: count(width),
            out_height: count(output[2]),
            out_width: count(output[3]),
            channel_blocks: count(channel_blocks(channels)),
        }
    }
}

/// Workgroups for an output `[batch, channels, height, width]`: along x an output row, along y the rows, along z the images.
/// One axis would not do: at the largest crop that would be 65,536 workgroups, one more than WebGPU guarantees.
pub fn workgroups([batch, channels, height, width]: [usize; 4]) -> [usize; 3] {
    let row = width.saturating_mul(channel_blocks(channels));
    [row.div_ceil(INVOCATIONS as usize), height, batch]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn the_shader_has_these_parameters() {
        let faults = crate::kernels::check::faults::<Params>(&kernel());
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn every_output_has_an_invocation() {
        // The output's side and the workgroups, by the crop.
        let cases = [
            (32, 8, [2, 8, 1]),
            (224, 56, [14, 56, 1]),
            (2041, 511, [128, 511, 1]),
            (2048, 512, [128, 512, 1]),
        ];
        for (crop, side, expected) in cases {
            assert_eq!(workgroups([1, 64, side, side]), expected, "{crop}");
        }
    }
}
