//! The sigmoid of a convolution along the channels: the gates of efficient channel attention.

use super::{Kernel, count, params};
use crate::layout::channel_blocks;

/// Invocations of a workgroup, one for each channel block.
const INVOCATIONS: u32 = 64;

params! {
    /// The shader's parameters.
    Params {
        /// Of an image.
        channel_blocks: u32,
        /// Channels that an output sees, itself in the middle.
        kernel: u32,
    }
}

/// The kernel; there is one variant.
pub fn kernel() -> Kernel {
    Kernel {
        name: "channel convolution",
        invocations: INVOCATIONS,
        constants: Vec::new(),
        bindings: &["input", "output", "weights"],
        f32_input: false,
        source: include_str!("channel_convolution.wgsl"),
    }
}

impl Params {
    /// For so many channels, of which an output sees `kernel`.
    pub fn new(channels: usize, kernel: usize) -> Self {
        Self {
            channel_blocks: count(channel_blocks(channels)),
            kernel: count(kernel),
        }
    }
}

/// Workgroups: along x the channels, along y the images.
pub fn workgroups(batch: usize, channels: usize) -> [usize; 3] {
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
        for (batch, channels, expected) in
            [(1, 2048, [8, 1, 1]), (3, 257, [2, 3, 1]), (1, 6, [1, 1, 1])]
        {
            assert_eq!(
                workgroups(batch, channels),
                expected,
                "{batch} x {channels}"
            );
        }
    }
}
