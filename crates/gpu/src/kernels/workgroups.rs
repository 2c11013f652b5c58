//! The workgroups of kernels that have one invocation for each channel block of their output.

use crate::layout::channel_blocks;

/// Invocations of a workgroup.
pub const INVOCATIONS: u32 = 64;

/// For an output of one pixel for each image: along x the channels, along y the images.
pub const fn of_vectors(batch: usize, channels: usize) -> [usize; 3] {
    [workgroups(channel_blocks(channels)), batch, 1]
}

/// For an output `[batch, channels, height, width]`: along x a row, along y the rows, along z the images. One axis would not do:
/// at the largest crop that would be 65,536 workgroups, one more than WebGPU guarantees.
pub const fn of_maps(output: [usize; 4]) -> [usize; 3] {
    let [batch, _, height, _] = output;
    [workgroups(row_blocks(output)), height, batch]
}

/// Channel blocks of a row of a map `[batch, channels, height, width]`, `usize::MAX` at most.
pub const fn row_blocks([_, channels, _, width]: [usize; 4]) -> usize {
    width.saturating_mul(channel_blocks(channels))
}

const fn workgroups(blocks: usize) -> usize {
    blocks.div_ceil(INVOCATIONS as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_block_of_a_vector_has_an_invocation() {
        let cases = [
            (1, 6, [1, 1, 1]),
            (2, 10, [1, 2, 1]),
            (3, 257, [2, 3, 1]),
            (1, 1024, [4, 1, 1]),
            (1, 2048, [8, 1, 1]),
            (1, 4096, [16, 1, 1]),
        ];
        for (batch, channels, expected) in cases {
            let found = of_vectors(batch, channels);
            assert_eq!(found, expected, "{batch} x {channels}");
        }
    }

    #[test]
    fn every_channel_block_of_a_map_has_an_invocation() {
        let cases = [
            ([2, 10, 3, 5], [1, 3, 2]),
            ([1, 64, 8, 8], [2, 8, 1]),
            ([1, 64, 56, 56], [14, 56, 1]),
            ([1, 64, 511, 511], [128, 511, 1]),
            ([1, 64, 512, 512], [128, 512, 1]),
            ([1, 256, 56, 56], [56, 56, 1]),
            ([1, 2048, 7, 7], [56, 7, 1]),
            ([1, 2048, 512, 512], [4096, 512, 1]),
        ];
        for (map, expected) in cases {
            assert_eq!(of_maps(map), expected, "{map:?}");
        }
    }
}
