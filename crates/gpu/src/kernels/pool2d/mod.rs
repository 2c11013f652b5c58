//! The largest value of each channel in a window of pixels, their mean or their binomial mean.

use resnet_web_core::resnet::spec::{PoolKind, PoolSpec};

use super::workgroups::INVOCATIONS;
use super::{Kernel, count, params};
use crate::layout::channel_blocks;

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

/// The kernel's variant for a pooling.
pub fn kernel(spec: &PoolSpec) -> Kernel {
    let (name, average, blur) = match spec.kind {
        PoolKind::Average => ("window mean", 1, 0),
        PoolKind::Blur => ("blur pool", 0, 1),
        _ => ("max pool", 0, 0),
    };
    Kernel {
        name,
        invocations: INVOCATIONS,
        constants: vec![
            ("WINDOW", count(spec.kernel)),
            ("STRIDE", count(spec.stride)),
            ("PADDING", count(spec.padding)),
            ("AVERAGE", average),
            ("BLUR", blur),
        ],
        bindings: &["input", "output"],
        f32_input: false,
        source: include_str!("pool2d.wgsl"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn the_shader_has_these_parameters() {
        let pool = |kind, kernel, stride, padding| PoolSpec {
            name: String::new(),
            kind,
            kernel,
            stride,
            padding,
            ceil: false,
        };
        let kernels = [
            pool(PoolKind::Max, 3, 2, 1),
            pool(PoolKind::Max, 3, 1, 1),
            pool(PoolKind::Average, 2, 2, 0),
            pool(PoolKind::Blur, 3, 2, 1),
        ]
        .map(|pool| kernel(&pool));
        let faults = kernels
            .iter()
            .flat_map(crate::kernels::check::faults::<Params>);
        assert_eq!(faults.collect::<Vec<_>>(), Vec::<String>::new());
    }
}
