//! The largest value of each channel over all its pixels, and then the mean of each: fastai's `AdaptiveConcatPool2d`.

use super::workgroups::INVOCATIONS;
use super::{Kernel, count, params};
use crate::layout::pixels;

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
