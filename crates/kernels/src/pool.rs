//! Pooling: maxima, averages and blurs of windows, and of whole maps.

use crate::map::{FeatureMap, Window};
use crate::simd::{F32x4, LANES};
use crate::threads;

/// Writes the maximum of each window, channel by channel, to `output`, `[height, width, channels]`. Padding and what lies beyond
/// the map do not count. A NaN anywhere in a window makes its maximum NaN, as in PyTorch. There are as many windows as `size`,
/// height and width, says: PyTorch's `ceil_mode` has one more that covers the rest of a side.
///
/// ```
/// use resnet_web_kernels::{FeatureMap, Window, pool};
///
/// let map = FeatureMap::new(&[1.0, 4.0, 3.0, 2.0], [2, 2, 1]);
/// let mut output = [0.0];
/// pool::max_pool(map, Window { side: 2, stride: 2, padding: 0 }, [1, 1], &mut output);
/// assert_eq!(output, [4.0]);
/// ```
///
/// # Panics
/// If the output has another size, or a window may cover no pixel: the padding is more than half of it, or the last one begins
/// beyond the map.
pub fn max_pool(
    map: FeatureMap<'_>,
    window: Window,
    [height, width]: [usize; 2],
    output: &mut [f32],
) {
    let begins_within = |windows: usize, side: usize| {
        windows.saturating_sub(1) * window.stride < side + window.padding
    };
    assert!(
        window.padding <= window.side / 2
            && begins_within(height, map.height)
            && begins_within(width, map.width),
        "a window covers no pixel"
    );
    let line = width * map.channels;
    assert!(height * line == output.len(), "the output has another size");
    threads::each_chunk(output, line, |y, line| {
        let rows = window.covers(y, map.height);
        for (x, output) in line.chunks_exact_mut(map.channels).enumerate() {
            let columns = window.covers(x, map.width);
            output.fill(f32::NEG_INFINITY);
            for y in rows.clone() {
                for x in columns.clone() {
                    keep_larger(output, map.pixel(y, x));
                }
            }
        }
    });
}

/// Writes the average of each window, channel by channel, to `output`, `[height, width, channels]`. Padding and what lies beyond
/// the map are not counted. There are as many windows as `size`, height and width, says: PyTorch's `ceil_mode` has one more that
/// covers the rest of a side.
///
/// # Panics
/// If the output has another size, or a window covers no pixel.
pub fn average_pool(map: FeatureMap<'_>, window: Window, size: [usize; 2], output: &mut [f32]) {
    each_pixel(map, size, output, |[y, x], taps| {
        let (rows, columns) = (window.covers(y, map.height), window.covers(x, map.width));
        let share = 1.0 / (rows.len() * columns.len()) as f32;
        for y in rows {
            taps.extend(columns.clone().map(|x| (map.pixel(y, x), share)));
        }
    });
}

/// Writes every second pixel of the blurred map to `output`, `[height / 2, width / 2, channels]`, both rounded up. The blur is
/// the 3x3 binomial filter, `[1, 2, 1] / 4` in both directions, of a map that is mirrored in its outermost pixels (Zhang 2019).
///
/// # Panics
/// If the output has another size.
pub fn blur_pool(map: FeatureMap<'_>, output: &mut [f32]) {
    let size = [map.height, map.width].map(|side| side.div_ceil(2));
    each_pixel(map, size, output, |[y, x], taps| {
        let (rows, columns) = (blurred(2 * y, map.height), blurred(2 * x, map.width));
        for (y, of_row) in rows {
            taps.extend(columns.map(|(x, share)| (map.pixel(y, x), of_row * share)));
        }
    });
}

/// The pixels along a side that are blurred into the one at `at`, and the share of each.
fn blurred(at: usize, side: usize) -> [(usize, f32); 3] {
    let [after, last] = [at + 1, side - 1];
    // The neighbour beyond an edge is the one on the other side. A side of one pixel has no other.
    let [before, after] = match at.checked_sub(1) {
        None => [after.min(last); 2],
        Some(before) if after > last => [before; 2],
        Some(before) => [before, after],
    };
    [(before, 0.25), (at, 0.5), (after, 0.25)]
}

/// A pixel of the input and its factor.
type Tap<'a> = (&'a [f32], f32);

/// Writes `output`, `[height, width, channels]` for a `size` of height and width: each pixel is the weighted sum of those that
/// `taps_of` appends for it.
fn each_pixel<'a>(
    map: FeatureMap<'a>,
    [height, width]: [usize; 2],
    output: &mut [f32],
    taps_of: impl Fn([usize; 2], &mut Vec<Tap<'a>>) + Sync,
) {
    let line = width * map.channels;
    assert!(height * line == output.len(), "the output has another size");
    threads::each_chunk(output, line, |y, line| {
        let mut taps = Vec::new();
        for (x, output) in line.chunks_exact_mut(map.channels).enumerate() {
            taps.clear();
            taps_of([y, x], &mut taps);
            assert!(!taps.is_empty(), "a window covers no pixel");
            sum(&taps, output);
        }
    });
}

/// `output = sum of pixel * factor`
fn sum(taps: &[Tap<'_>], output: &mut [f32]) {
    let (whole, rest) = output.as_chunks_mut::<LANES>();
    let first = LANES * whole.len();
    for (i, output) in whole.iter_mut().enumerate() {
        let mut sum = F32x4::splat(0.0);
        for (pixel, factor) in taps {
            sum = sum + F32x4::load(&pixel[LANES * i..]) * F32x4::splat(*factor);
        }
        sum.store(output);
    }
    for (i, output) in rest.iter_mut().enumerate() {
        *output = taps
            .iter()
            .map(|(pixel, factor)| pixel[first + i] * factor)
            .sum();
    }
}

/// Channels that a thread reads of each pixel for [`mean`] and [`largest`].
const SLICE: usize = 16 * LANES;

/// Writes each channel's mean over the map to `output`, `[channels]`.
///
/// # Panics
/// If the output has another size, or the map has no pixel.
pub fn mean(map: FeatureMap<'_>, output: &mut [f32]) {
    let share = 1.0 / (map.height * map.width) as f32;
    over_pixels(map, 0.0, output, |sum, pixel| {
        for (sum, &value) in sum.iter_mut().zip(pixel) {
            *sum += value;
        }
    });
    output.iter_mut().for_each(|sum| *sum *= share);
}

/// Writes each channel's maximum over the map to `output`, `[channels]`. A NaN in a channel is its maximum.
///
/// # Panics
/// If the output has another size, or the map has no pixel.
pub fn largest(map: FeatureMap<'_>, output: &mut [f32]) {
    over_pixels(map, f32::NEG_INFINITY, output, keep_larger);
}

/// Sets `output`, `[channels]`, to `start` and calls `add` with some of its channels and those of each pixel in turn.
fn over_pixels(
    map: FeatureMap<'_>,
    start: f32,
    output: &mut [f32],
    add: impl Fn(&mut [f32], &[f32]) + Sync,
) {
    assert!(map.channels == output.len(), "the output has another size");
    assert!(!map.data.is_empty(), "the map has no pixel");
    threads::each(output.chunks_mut(SLICE).enumerate(), |(slice, output)| {
        output.fill(start);
        for pixel in map.data.chunks_exact(map.channels) {
            add(output, &pixel[SLICE * slice..][..output.len()]);
        }
    });
}

/// Writes the input of a residual block as its output has it, `[height, width, channels]` for a `size` of height and width: every
/// `stride`-th pixel, after `before` channels of zeros and before as many as are left (option A of He et al. 2015, section 4.1).
///
/// # Panics
/// If the output's size is no multiple of its pixels, or pixels or channels lie beyond it.
pub fn zero_padded(
    map: FeatureMap<'_>,
    stride: usize,
    before: usize,
    [height, width]: [usize; 2],
    output: &mut [f32],
) {
    let channels = output.len() / (height * width);
    assert!(
        output.len() == height * width * channels,
        "the output has another size"
    );
    for (place, output) in output.chunks_exact_mut(channels).enumerate() {
        let [y, x] = [place / width, place % width].map(|at| at * stride);
        output.fill(0.0);
        output[before..][..map.channels].copy_from_slice(map.pixel(y, x));
    }
}

/// `output = max(output, from)`
fn keep_larger(output: &mut [f32], from: &[f32]) {
    let whole = output.len() - output.len() % LANES;
    for i in (0..whole).step_by(LANES) {
        let larger = F32x4::load(&output[i..]).max(F32x4::load(&from[i..]));
        larger.store(&mut output[i..]);
    }
    for (kept, &value) in output[whole..].iter_mut().zip(&from[whole..]) {
        if *kept < value || value.is_nan() {
            *kept = value;
        }
    }
}
