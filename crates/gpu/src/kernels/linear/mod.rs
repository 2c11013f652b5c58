//! The linear layer: of the head and of squeeze-and-excitation for images, and for class activation maps for each place of a
//! map.

use resnet_web_core::storage_dtype::StorageDtype;

use super::{Kernel, count, params};
use crate::layout::{CHANNEL_BLOCK, ROWS_AT_ONCE, channel_blocks, copy_column};

/// Class blocks of a workgroup.
const CLASS_BLOCKS: u32 = 16;
/// Invocations that share the features of a class block between them.
const SHARES: u32 = 4;

params! {
    /// The shader's parameters. A row is an image's features, or one place of a map.
    Params {
        /// Of a row.
        feature_blocks: u32,
        /// Blocks of four classes.
        class_blocks: u32,
        /// Feature blocks from the weights of one row to those of the next: 0 where all rows have the same.
        step: u32,
        /// An [`Activation`].
        activation: u32,
    }
}

/// What is done to the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Activation {
    /// Nothing.
    None = 0,
    /// Negative sums become zero.
    Relu = 1,
    /// The sigmoid.
    Sigmoid = 2,
}

/// The kernel's variant for features that are stored as `features`.
pub fn kernel(features: StorageDtype) -> Kernel {
    Kernel {
        name: "linear",
        invocations: CLASS_BLOCKS * SHARES,
        constants: vec![("CLASS_BLOCKS", CLASS_BLOCKS), ("SHARES", SHARES)],
        bindings: &["input", "output", "weights", "bias"],
        f32_input: features == StorageDtype::F32,
        source: include_str!("linear.wgsl"),
    }
}

impl Params {
    /// For rows of so many feature blocks, and so many outputs of each.
    pub fn new(feature_blocks: usize, outputs: usize, step: usize, activation: Activation) -> Self {
        Self {
            feature_blocks: count(feature_blocks),
            class_blocks: count(channel_blocks(outputs)),
            step: count(step),
            activation: activation as u32,
        }
    }
}

/// Workgroups: along x the rows, along y the classes. Rows that read the same weights are neighbours, so that the weights come
/// from memory once.
pub fn workgroups(rows: usize, classes: usize) -> [usize; 3] {
    [
        rows,
        channel_blocks(classes).div_ceil(CLASS_BLOCKS as usize),
        1,
    ]
}

/// The sides of the packed weights: pixels, channels and classes, the latter two padded to whole blocks.
pub fn packed_shape(channels: usize, pixels: usize, classes: usize) -> [usize; 3] {
    let [channels, classes] =
        [channels, classes].map(|count| count.next_multiple_of(CHANNEL_BLOCK));
    [pixels, channels, classes]
}

/// Packs `weight`, `[classes, channels * pixels]` row by row as PyTorch flattens a map, into `[pixel][channel][class]`,
/// channels and classes padded to whole blocks by zeros.
pub fn pack(weight: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    let features = channels * pixels;
    let classes = weight.len() / features;
    let [_, channels_padded, classes_padded] = packed_shape(channels, pixels, classes);
    let mut values = vec![0.0; pixels * channels_padded * classes_padded];
    for (block, rows) in weight.chunks(ROWS_AT_ONCE * features).enumerate() {
        for feature in 0..features {
            let [channel, pixel] = [feature / pixels, feature % pixels];
            let line = (pixel * channels_padded + channel) * classes_padded;
            copy_column(
                rows,
                features,
                feature,
                &mut values[line + block * ROWS_AT_ONCE..],
            );
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn the_shader_has_these_parameters() {
        let kernels = [StorageDtype::F32, StorageDtype::F16].map(kernel);
        let faults = kernels
            .iter()
            .flat_map(crate::kernels::check::faults::<Params>);
        assert_eq!(faults.collect::<Vec<_>>(), Vec::<String>::new());
    }

    #[test]
    fn a_workgroup_computes_sixty_four_classes_of_a_row() {
        for (rows, classes, expected) in [
            (1, 1000, [1, 16, 1]),
            (49, 1000, [49, 16, 1]),
            (2, 65, [2, 2, 1]),
            (1, 1, [1, 1, 1]),
        ] {
            assert_eq!(workgroups(rows, classes), expected, "{rows} x {classes}");
        }
    }

    #[test]
    fn a_flattened_maps_weights_follow_its_order_in_memory() {
        // Two classes, three channels of two pixels.
        let weight: Vec<f32> = (1..=12).map(|i| i as f32).collect();
        let packed = pack(&weight, 3, 2);
        let line = |pixel: usize, channel: usize| &packed[(pixel * 4 + channel) * 4..][..4];
        assert_eq!(line(0, 0), [1.0, 7.0, 0.0, 0.0]);
        assert_eq!(line(1, 0), [2.0, 8.0, 0.0, 0.0]);
        assert_eq!(line(1, 2), [6.0, 12.0, 0.0, 0.0]);
        assert_eq!(line(0, 3), [0.0; 4]);
        assert_eq!(
            packed.len(),
            packed_shape(3, 2, 2).iter().product::<usize>()
        );
    }
}
