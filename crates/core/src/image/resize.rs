//! Pillow's resize, to the last bit, of which only a square is computed.
//!
//! Pillow's filters widen with the image (antialiasing) and works on 8-bit pixels: a horizontal pass, rounded to 8
//! bits, then a vertical one, both with weights of 22 bits. `fast_image_resize` takes the vertical pass first, which
//! puts a fifth of a photo's samples a level beside Pillow's; made to take them in order, its weights of 16 bits still do
//! so with up to one sample in a hundred. What is needed of the algorithm here is as short as that detour.

use serde::{Deserialize, Serialize};

use super::Placement;

/// Pillow's filters, but for `lanczos` and `hamming`, which hardly any network is trained with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum Interpolation {
    /// The nearest of the image's pixels.
    Nearest,
    /// The mean of the pixels that a resized one covers.
    Box,
    /// A triangle: torchvision's default.
    #[default]
    Bilinear,
    /// A cubic with `a = -0.5`: timm's and Hugging Face's usual filter.
    Bicubic,
}

impl Interpolation {
    /// The distance from which on pixels have no weight.
    #[inline]
    fn support(self) -> f64 {
        match self {
            Self::Nearest => 0.0,
            Self::Box => 0.5,
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
        }
    }

    /// The weight at a distance, before all are made to sum to 1.
    #[inline]
    fn weight(self, distance: f64) -> f64 {
        let x = distance.abs();
        match self {
            Self::Nearest => 1.0,
            Self::Box => f64::from(distance > -0.5 && distance <= 0.5),
            Self::Bilinear => (1.0 - x).max(0.0),
            Self::Bicubic if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Self::Bicubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5,
            Self::Bicubic => 0.0,
        }
    }
}

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
    filter: Interpolation,
) -> Vec<[u8; 4]> {
    let Placement { resized, left_top } = placement;
    let columns = Taps::of_span(width, resized[0], left_top[0], crop, filter);
    let rows = Taps::of_span(height, resized[1], left_top[1], crop, filter);

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
    fn of_span(
        side: u32,
        resized: u64,
        offset: u64,
        crop: u32,
        filter: Interpolation,
    ) -> Vec<Self> {
        let scale = f64::from(side) / resized as f64;
        // As wide as in the resized image, or as in the image itself if that is enlarged.
        let widening = scale.max(1.0);
        let radius = filter.support() * widening;
        let steepness = 1.0 / widening;
        (offset..offset + u64::from(crop))
            .map(|position| {
                let centre = (position as f64 + 0.5) * scale;
                let (first, end) = match filter {
                    Interpolation::Nearest => {
                        let nearest = (centre as u32).min(side - 1);
                        (nearest, nearest + 1)
                    }
                    _ => (
                        (centre - radius + 0.5).max(0.0) as u32,
                        ((centre + radius + 0.5) as u32).min(side),
                    ),
                };
                let weight = |pixel| filter.weight((f64::from(pixel) - centre + 0.5) * steepness);
                let weights: Vec<f64> = (first..end).map(weight).collect();
                let sum: f64 = weights.iter().sum();
                // Pillow rounds half away from zero.
                let fixed = |weight: f64| {
                    let exact = weight / sum * f64::from(1 << PRECISION);
                    (exact + 0.5_f64.copysign(exact)) as i32
                };
                Self {
                    first: first as usize,
                    weights: weights.into_iter().map(fixed).collect(),
                }
            })
            .collect()
    }
}
