//! The sigmoid of a convolution along the channels: the gates of efficient channel attention.

use super::workgroups::INVOCATIONS;
use super::{Kernel, count, params};
use crate::layout::channel_blocks;

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
