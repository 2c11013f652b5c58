//! Each channel times a factor, and a shift, the residual and ReLU after it: a batch norm that no convolution comes right
//! before, and the end of a block with attention, whose gates are the factors.

use super::{Kernel, count, params};
use crate::layout::channel_blocks;

/// Invocations of a workgroup, one for each channel block of a pixel.
const INVOCATIONS: u32 = 64;

params! {
    /// The shader's parameters.
    Params {
        /// Of an image, in pixels.
        height: u32,
        /// Channel blocks of a row of pixels.
        row_blocks: u32,
        /// Of a pixel.
        channel_blocks: u32,
        /// Channel blocks from the factors of one image to those of the next: 0 where all images have the same.
        step: u32,
        /// 1 where negative values become zero.
        relu: u32,
        /// 1 where the residual is added.
        has_residual: u32,
    }
}

/// The kernel; there is one variant.
pub fn kernel() -> Kernel {
    Kernel {
        name: "scale shift",
        invocations: INVOCATIONS,
        constants: Vec::new(),
        bindings: &["input", "output", "scale", "shift", "residual"],
        f32_input: false,
        source: include_str!("scale_shift.wgsl"),
    }
}

impl Params {
    /// For a map `[batch, channels, height, width]`, with factors for all images or for each.
    pub fn new(
        map @ [_, channels, height, _]: [usize; 4],
        each_image: bool,
        [relu, has_residual]: [bool; 2],
    ) -> Self {
        let channel_blocks = count(channel_blocks(channels));
        Self {
            height: count(height),
            row_blocks: count(row_blocks(map)),
            channel_blocks,
            step: if each_image { channel_blocks } else { 0 },
            relu: relu.into(),
            has_residual: has_residual.into(),
        }
    }
}

const fn row_blocks([_, channels, _, width]: [usize; 4]) -> usize {
    width.saturating_mul(channel_blocks(channels))
}

/// Workgroups for a map `[batch, channels, height, width]`: along x a row, along y the rows, along z the images.
pub fn workgroups(map: [usize; 4]) -> [usize; 3] {
    let [batch, _, height, _] = map;
    [
        row_blocks(map).div_ceil(INVOCATIONS as usize),
        height,
        batch,
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
    fn every_channel_block_of_a_pixel_has_an_invocation() {
        let cases = [
            ([1, 256, 56, 56], [56, 56, 1]),
            ([1, 2048, 7, 7], [56, 7, 1]),
            ([2, 10, 3, 5], [1, 3, 2]),
            ([1, 2048, 512, 512], [4096, 512, 1]),
        ];
        for (map, expected) in cases {
            assert_eq!(workgroups(map), expected, "{map:?}");
        }
    }
}
