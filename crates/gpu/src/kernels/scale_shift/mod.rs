//! Each channel times a factor, and a shift, the residual and ReLU after it: a batch norm that no convolution comes right
//! before, and the end of a block with attention, whose gates are the factors.

use super::workgroups::{INVOCATIONS, row_blocks};
use super::{Kernel, count, params};
use crate::layout::channel_blocks;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn the_shader_has_these_parameters() {
        let faults = crate::kernels::check::faults::<Params>(&kernel());
        assert_eq!(faults, Vec::<String>::new());
    }
}
