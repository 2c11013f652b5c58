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
    each_pixel(x, scale, output, |_, x, output| {
        scale_add(x, scale, shift, relu, output);
    });
}

/// `output = x * gate[channel] + shortcut`, and ReLU of that: the end of a residual block with attention.
///
/// # Panics
/// As [`scale_shift`].
pub fn gate_add(x: &[f32], gate: &[f32], shortcut: &[f32], relu: bool, output: &mut [f32]) {
    assert!(x.len() == shortcut.len(), "the maps' sizes differ");
    each_pixel(x, gate, output, |place, x, output| {
        scale_add(x, gate, &shortcut[place..], relu, output);
    });
}

/// ReLU: negative numbers become zero, NaN stays.
///
/// # Panics
/// If the sizes differ.
pub fn relu(x: &[f32], output: &mut [f32]) {
    assert!(x.len() == output.len(), "the maps' sizes differ");
    for (output, &x) in output.iter_mut().zip(x) {
        // Not `f32::max`, which would turn NaN into zero.
        *output = if x < 0.0 { 0.0 } else { x };
    }
}

/// Calls `work` with the place of each pixel, its channels in `x` and in `output`, on all threads.
fn each_pixel(
    x: &[f32],
    factor: &[f32],
    output: &mut [f32],
    work: impl Fn(usize, &[f32], &mut [f32]) + Sync,
) {
    let channels = factor.len();
    assert!(x.len() == output.len(), "the maps' sizes differ");
    assert!(
        x.len().is_multiple_of(channels),
        "the map has other channels"
    );
    let chunk = CHUNK.next_multiple_of(channels);
    threads::each(output.chunks_mut(chunk).enumerate(), |(i, output)| {
        let mut place = i * chunk;
        for output in output.chunks_exact_mut(channels) {
            work(place, &x[place..][..channels], output);
            place += channels;
        }
    });
}

/// `output = x * factor + addend`, and ReLU of that, for the channels of a pixel.
fn scale_add(x: &[f32], factor: &[f32], addend: &[f32], relu: bool, output: &mut [f32]) {
    let addend = &addend[..x.len()];
    let zero = F32x4::splat(0.0);
    let (whole, rest) = output.as_chunks_mut::<LANES>();
    let first = LANES * whole.len();
    for (i, output) in whole.iter_mut().enumerate() {
        let [x, factor, addend] = [x, factor, addend].map(|of| F32x4::load(&of[LANES * i..]));
        let y = x * factor + addend;
        (if relu { y.pmax(zero) } else { y }).store(output);
    }
    for (i, output) in rest.iter_mut().enumerate() {
        let i = first + i;
        let y = x[i] * factor[i] + addend[i];
        // Not `f32::max`, which would turn NaN into zero.
        *output = if relu && y < 0.0 { 0.0 } else { y };
    }
}
