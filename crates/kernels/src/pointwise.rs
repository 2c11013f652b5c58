//! What is done to a map number by number: scaled by channel, shifted or added to, and ReLU.

use crate::simd::{F32x4, LANES};
use crate::threads;

/// Numbers that a thread takes at a time, about: they stay in the first-level cache.
const CHUNK: usize = 1 << 12;

/// `output = x * scale[channel] + shift[channel]`, and ReLU of that: a batch norm that no convolution comes right before.
///
/// ```
/// use resnet_web_kernels::pointwise;
///
/// // Two pixels of two channels.
/// let mut output = [0.0; 4];
/// pointwise::scale_shift(&[1.0, 2.0, 3.0, 4.0], &[10.0, -1.0], &[0.5, 3.0], true, &mut output);
/// assert_eq!(output, [10.5, 1.0, 30.5, 0.0]);
/// ```
///
/// # Panics
/// If the sizes differ, or a map is no whole number of pixels.
pub fn scale_shift(x: &[f32], scale: &[f32], shift: &[f32], relu: bool, output: &mut [f32]) {
    assert!(x.len() == output.len(), "the maps' sizes differ");
    let channels = scale.len();
    each_chunk(output, channels, |first, output| {
        output.copy_from_slice(&x[first..][..output.len()]);
        for pixel in output.chunks_exact_mut(channels) {
            scale_add(pixel, scale, shift, relu);
        }
    });
}

/// `x = x * gate[channel] + shortcut`, and ReLU of that: the end of a residual block with attention.
///
/// # Panics
/// As [`scale_shift`].
pub fn gate_add(x: &mut [f32], gate: &[f32], shortcut: &[f32], relu: bool) {
    assert!(x.len() == shortcut.len(), "the maps' sizes differ");
    let channels = gate.len();
    each_chunk(x, channels, |first, x| {
        let shortcut = shortcut[first..].chunks_exact(channels);
        for (pixel, shortcut) in x.chunks_exact_mut(channels).zip(shortcut) {
            scale_add(pixel, gate, shortcut, relu);
        }
    });
}

/// Calls `work` with some whole pixels of `map` and their place in it, on all threads.
fn each_chunk(map: &mut [f32], channels: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    assert!(
        map.len().is_multiple_of(channels),
        "the map has other channels"
    );
    let chunk = CHUNK.next_multiple_of(channels);
    let chunks = map.chunks_mut(chunk).enumerate();
    threads::each(chunks, |(place, map)| work(place * chunk, map));
}

/// `x = x * factor + addend`, and ReLU of that, for the channels of a pixel.
fn scale_add(x: &mut [f32], factor: &[f32], addend: &[f32], relu: bool) {
    let (factor, addend) = (&factor[..x.len()], &addend[..x.len()]);
    let zero = F32x4::splat(0.0);
    let (whole, rest) = x.as_chunks_mut::<LANES>();
    let first = LANES * whole.len();
    for (i, x) in whole.iter_mut().enumerate() {
        let [factor, addend] = [factor, addend].map(|of| F32x4::load(&of[LANES * i..]));
        let y = F32x4::load(x) * factor + addend;
        (if relu { y.pmax(zero) } else { y }).store(x);
    }
    for (i, x) in rest.iter_mut().enumerate() {
        let y = *x * factor[first + i] + addend[first + i];
        // Not `f32::max`, which would turn NaN into zero.
        *x = if relu && y < 0.0 { 0.0 } else { y };
    }
}
