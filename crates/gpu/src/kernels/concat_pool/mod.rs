//! The largest value of each channel over all its pixels, and then the mean of each: fastai's `AdaptiveConcatPool2d`.

use super::{Kernel, count, params};
use crate::layout::{channel_blocks, pixels};

/// Invocations of a workgroup, one for each block of four features.
const INVOCATIONS: u32 = 64;

params! {
    /// The shader's parameters.
    Params {
        /// Of an image's map.
        pixels: u32,
        /// Of a pixel.
        channels: u32,
    }
}

/// The kernel; there is one variant.
pub fn kernel() -> Kernel {
    Kernel {
        name: "concat pool",
        invocations: INVOCATIONS,
        constants: Vec::new(),
        bindings: &["input", "output"],
        f32_input: false,
        source: include_str!("concat_pool.wgsl"),
    }
}

impl Params {
    /// For an input `[batch, channels, height, width]`.
    pub fn new(input: [usize; 4]) -> Self {
        Self {
            pixels: count(pixels(input)),
            channels: count(input[1]),
        }
    }
}

/// Workgroups for an output `[batch, features, 1, 1]`: along x the features, along y the images.
pub fn workgroups(output: [usize; 4]) -> [usize; 3] {
    let [batch, features, ..] = output;
    [
        channel_blocks(features).div_ceil(INVOCATIONS as usize),
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
    fn every_block_of_features_has_an_invocation() {
        let cases = [
            ([1, 1024, 1, 1], [4, 1, 1]),
            ([1, 4096, 1, 1], [16, 1, 1]),
            ([2, 10, 1, 1], [1, 2, 1]),
        ];
        for (output, expected) in cases {
            assert_eq!(workgroups(output), expected, "{output:?}");
        }
    }
}
