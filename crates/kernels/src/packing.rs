//! The order in which the kernels read their numbers: NHWC maps, maps with a border, weights in panels.

use crate::map::FeatureMap;
use crate::threads;

pub use crate::gemm::{PANEL, pack};

/// Output channels, or classes, filled up to whole panels.
pub const fn padded(channels: usize) -> usize {
    channels.next_multiple_of(PANEL)
}

/// The weights of one output, in the order of the inputs, from what [`pack`] made of `[outputs, inputs]`.
///
/// # Panics
/// If there are fewer outputs.
pub fn unpack_row(packed: &[f32], inputs: usize, output: usize) -> Vec<f32> {
    let (rows, _) = packed.as_chunks::<PANEL>();
    let panel = &rows[output / PANEL * inputs..][..inputs];
    let row = panel.iter().map(|weights| weights[output % PANEL]);
    row.collect()
}

/// NCHW to NHWC: `[batch, channels, height, width]` to `[batch, height, width, channels]`.
///
/// # Panics
/// If there are more or fewer numbers than the sides say.
pub fn to_nhwc(nchw: &[f32], [batch, channels, height, width]: [usize; 4]) -> Vec<f32> {
    let pixels = height * width;
    let size = batch * channels * pixels;
    assert!(nchw.len() == size, "a tensor of another size");
    let mut nhwc = vec![0.0; size];
    let planes = nchw.chunks_exact(pixels.max(1));
    for (place, plane) in planes.enumerate() {
        let (image, channel) = (place / channels, place % channels);
        let map = &mut nhwc[image * channels * pixels..];
        for (pixel, &value) in map.chunks_exact_mut(channels).zip(plane) {
            pixel[channel] = value;
        }
    }
    nhwc
}

/// Copies a map into a larger one with a border of zeros.
pub(crate) fn pad(map: FeatureMap<'_>, border: usize, to: &mut Vec<f32>) {
    let [rows, columns] = [map.height, map.width].map(|side| side + 2 * border);
    let line = columns * map.channels;
    let own = map.width * map.channels;
    let edge = border * map.channels;
    // Every line is written as a whole, whatever the buffer held.
    to.resize(rows * line, 0.0);
    threads::each_chunk(to, line, |y, to| {
        let from = y.checked_sub(border).filter(|&y| y < map.height);
        let Some(y) = from else { return to.fill(0.0) };
        to[..edge].fill(0.0);
        to[edge..edge + own].copy_from_slice(map.row(y));
        to[edge + own..].fill(0.0);
    });
}
