//! Bringing numbers into the order in which the kernels read them: weights in panels, NHWC maps, maps with a border.

use crate::map::FeatureMap;
use crate::simd::LANES;
use crate::threads;

/// Output channels in a panel.
pub(crate) const PANEL: usize = 2 * LANES;

/// Packs weights `[channels, inputs, kernel pixels]` into panels, `[panel][kernel pixel][input][8 channels]`, with zeros after
/// the last channel. So a panel's rows follow the kernel's pixels and, within each, the input channels, as an NHWC map does.
pub fn pack(weight: &[f32], channels: usize, inputs: usize) -> Vec<f32> {
    let volume = weight.len() / channels;
    let pixels = volume / inputs;
    let mut packed = vec![0.0; volume * channels.next_multiple_of(PANEL)];
    let (rows, _) = packed.as_chunks_mut::<PANEL>();
    for (channel, kernel) in weight.chunks_exact(volume).enumerate() {
        let panel = &mut rows[channel / PANEL * volume..][..volume];
        for (input, numbers) in kernel.chunks_exact(pixels).enumerate() {
            for (pixel, &number) in numbers.iter().enumerate() {
                panel[pixel * inputs + input][channel % PANEL] = number;
            }
        }
    }
    packed
}

/// The number of channels, or classes, rounded up to whole panels: the length of a packed bias.
pub const fn padded(channels: usize) -> usize {
    channels.next_multiple_of(PANEL)
}

/// The weights of one output in the order of the inputs, from packed weights `[outputs, inputs]`.
///
/// # Panics
/// If there is no such output.
pub fn unpack_row(packed: &[f32], inputs: usize, output: usize) -> Vec<f32> {
    let (rows, _) = packed.as_chunks::<PANEL>();
    let panel = &rows[output / PANEL * inputs..][..inputs];
    let row = panel.iter().map(|weights| weights[output % PANEL]);
    row.collect()
}

/// NCHW to NHWC: `[batch, channels, height, width]` to `[batch, height, width, channels]`.
///
/// # Panics
/// If the shape has another size than the tensor.
pub fn to_nhwc(nchw: &[f32], [batch, channels, height, width]: [usize; 4]) -> Vec<f32> {
    let pixels = height * width;
    let size = batch * channels * pixels;
    assert!(nchw.len() == size, "the tensor has another size");
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
    // The buffer may hold anything: each line is written as a whole.
    to.resize(rows * line, 0.0);
    threads::each_chunk(to, line, |y, to| {
        let from = y.checked_sub(border).filter(|&y| y < map.height);
        let Some(y) = from else { return to.fill(0.0) };
        to[..edge].fill(0.0);
        to[edge..edge + own].copy_from_slice(map.row(y));
        to[edge + own..].fill(0.0);
    });
}
