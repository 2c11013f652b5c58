//! The mean of each channel over all its pixels.

use super::{Kernel, count, params};
use crate::layout::{channel_blocks, pixels};

/// Invocations of a workgroup, one for each channel block.
const INVOCATIONS: u32 = 64;

params! {
    /// The shader's parameters.
    Params {
        /// Of an image's map.
        pixels: u32,
        /// Of a pixel.
        channel_blocks: u32,
    }
}

/// The kernel; there is one variant.
pub fn kernel() -> Kernel {
    Kernel {
        name: "average pool",
        invocations: INVOCATIONS,
        constants: Vec::new(),
        bindings: &["input", "output"],
        f32_input: false,
        source: include_str!("average_pool.wgsl"),
    }
}

impl Params {
    /// For an input `[batch, channels, height, width]`.
    pub fn new(input: [usize; 4]) -> Self {
        Self {
            pixels: count(pixels(input)),
            channel_blocks: count(channel_blocks(input[1])),
        }
    }
}

/// Workgroups for an input `[batch, channels, height, width]`: along x the channels, along y the images.
pub fn workgroups(input: [usize; 4]) -> [usize; 3] {
    let [batch, channels, ..] = input;
    [
        channel_blocks(channels).div_ceil(INVOCATIONS as usize),
        batch,
        1,
    ]
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
    fn every_channel_block_has_an_invocation() {
        let cases = [
            ([1, 2048, 7, 7], [8, 1, 1]),
            ([1, 10, 2, 2], [1, 1, 1]),
            ([3, 257, 7, 7], [2, 3, 1]),
        ];
        for (input, expected) in cases {
            assert_eq!(workgroups(input), expected, "{input:?}");
        }
    }
}
