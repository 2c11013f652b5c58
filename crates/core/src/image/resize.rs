//! Pillow's bilinear resize, to the last bit, of which only a square is computed.
//!
//! Pillow's filter widens with the image (antialiasing) and works on 8-bit pixels: a horizontal pass, rounded to 8
//! bits, then a vertical one, both with weights of 22 bits. `fast_image_resize` takes the vertical pass first, which
//! puts a fifth of a photo's samples a level beside Pillow's; made to take them in order, its weights of 16 bits still do
//! so with up to one sample in a hundred. What is needed of the algorithm here is as short as that detour.

use super::Placement;

/// Bits after the binary point of a weight: 8 are left for a level and two for overflow.
const PRECISION: u32 = 32 - 8 - 2;

/// The square of `crop` pixels that `placement` shows of an image of RGBA pixels, row by row.
///
/// `pixels` are `width * height` many and opaque, as their fourth channel is treated like the others.
#[inline]
pub(super) fn resized_crop(
    pixels: &[[u8; 4]],
    [width, height]: [u32; 2],
    placement: &Placement,
    crop: u32,
) -> Vec<[u8; 4]> {
    let Placement { resized, left_top } = placement;
    let columns = Taps::of_span(width, resized[0], left_top[0], crop);
    let rows = Taps::of_span(height, resized[1], left_top[1], crop);

    // Only the rows that the vertical pass will read.
    let top = rows.first().map_or(0, |taps| taps.first);
    let bottom = rows
        .last()
        .map_or(0, |taps| taps.first + taps.weights.len());
    let crop = crop as usize;
    let mut narrowed = Vec::with_capacity(crop * (bottom - top));
    for row in pixels.chunks_exact(width as usize).take(bottom).skip(top) {
        narrowed.extend(columns.iter().map(|taps| {
            let mut sums = [ROUNDING; 4];
            for (pixel, &weight) in row[taps.first..].iter().zip(&taps.weights) {
                add(&mut sums, pixel, weight);
            }
            levels(sums)
        }));
    }

    let mut square = Vec::with_capacity(crop * crop);
    let mut sums = Vec::with_capacity(crop);
    for taps in &rows {
        sums.clear();
        sums.resize(crop, [ROUNDING; 4]);
        let reached = narrowed.chunks_exact(crop).skip(taps.first - top);
        for (row, &weight) in reached.zip(&taps.weights) {
            for (sums, pixel) in sums.iter_mut().zip(row) {
                add(sums, pixel, weight);
            }
        }
        square.extend(sums.iter().copied().map(levels));
    }
    square
}

/// What a sum starts with, so that cutting off its fraction rounds it.
const ROUNDING: i32 = 1 << (PRECISION - 1);

#[inline]
fn add(sums: &mut [i32; 4], pixel: &[u8; 4], weight: i32) {
    for (sum, &level) in sums.iter_mut().zip(pixel) {
        *sum += i32::from(level) * weight;
    }
}

#[inline]
fn levels(sums: [i32; 4]) -> [u8; 4] {
    sums.map(|sum| (sum >> PRECISION).clamp(0, 255) as u8)
}

/// What one resized pixel is made of, along one axis.
struct Taps {
    /// The first of the image's pixels.
    first: usize,
    /// Of that pixel and those after it: fixed-point numbers that sum to 1.
    weights: Vec<i32>,
}

impl Taps {
    /// Of the `crop` pixels from `offset` on, where `side` pixels become `resized`.
    #[inline]
    fn of_span(side: u32, resized: u64, offset: u64, crop: u32) -> Vec<Self> {
        let scale = f64::from(side) / resized as f64;
        // A triangle, as wide as two resized pixels, or as two of the image's if it is enlarged.
        let radius = scale.max(1.0);
        let steepness = 1.0 / radius;
        (offset..offset + u64::from(crop))
            .map(|position| {
                let centre = (position as f64 + 0.5) * scale;
                let first = (centre - radius + 0.5).max(0.0) as u32;
                let end = ((centre + radius + 0.5) as u32).min(side);
                let triangle = |pixel| {
                    let distance = (f64::from(pixel) - centre + 0.5) * steepness;
                    (1.0 - distance.abs()).max(0.0)
                };
                let weights: Vec<f64> = (first..end).map(triangle).collect();
                let sum: f64 = weights.iter().sum();
                let fixed = |weight| (weight / sum * f64::from(1 << PRECISION) + 0.5) as i32;
                Self {
                    first: first as usize,
                    weights: weights.into_iter().map(fixed).collect(),
                }
            })
            .collect()
    }
}
