//! Pillow's bilinear resize, of which only a square is computed.
//!
//! Pillow's filter widens with the picture (antialiasing) and works on 8-bit pixels: a horizontal pass, rounded to 8
//! bits, then a vertical one. `fast_image_resize` has the same filter and SIMD for it, but takes the vertical pass
//! first, so the two passes are asked for one by one. What remains is its narrower coefficients (16 bits for Pillow's
//! 22): of the samples of a photo, fewer than 1 in 100 come out one level off, and none more.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x4;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::Placement;

/// The square of `crop` pixels that `placement` shows of a picture of `size` (width, height), row by row.
///
/// # Errors
/// The library's objection, in its own words.
pub(super) fn resized_crop(
    rgba: &[u8],
    size: [u32; 2],
    placement: &Placement,
    crop: u32,
) -> Result<Vec<U8x4>, String> {
    let [columns, rows] = [0, 1].map(|axis| {
        Span::new(
            size[axis],
            placement.resized[axis],
            placement.left_top[axis],
            crop,
        )
    });
    let picture = TypedImageRef::<U8x4>::from_buffer(size[0], size[1], rgba)
        .map_err(|error| error.to_string())?;

    // Of the picture's rows, only those that the vertical pass will look at.
    let (top, bottom) = rows.reach(size[1]);
    let height = bottom - top;
    let mut narrowed = TypedImage::new(crop, height);
    let horizontal = bilinear().crop(
        columns.start,
        f64::from(top),
        columns.length,
        f64::from(height),
    );
    Resizer::new()
        .resize_typed(&picture, &mut narrowed, &horizontal)
        .map_err(|error| error.to_string())?;

    let mut square = TypedImage::new(crop, crop);
    let start = rows.start - f64::from(top);
    let length = rows.length.min(f64::from(height) - start);
    let vertical = bilinear().crop(0.0, start, f64::from(crop), length);
    Resizer::new()
        .resize_typed(&narrowed, &mut square, &vertical)
        .map_err(|error| error.to_string())?;
    Ok(square.pixels().to_vec())
}

fn bilinear() -> ResizeOptions {
    ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        .use_alpha(false)
}

/// What the crop shows along one axis, in the picture's own pixels.
struct Span {
    start: f64,
    length: f64,
    /// Pixels of the picture for one of the resized picture.
    scale: f64,
}

impl Span {
    fn new(side: u32, resized: u64, offset: u64, crop: u32) -> Self {
        let scale = f64::from(side) / resized as f64;
        let start = offset as f64 * scale;
        Self {
            start,
            // Rounding must not carry the end beyond the picture.
            length: (f64::from(crop) * scale).min(f64::from(side) - start),
            scale,
        }
    }

    /// The first pixel that the filter reaches, and the one after the last.
    fn reach(&self, side: u32) -> (u32, u32) {
        // Half the bilinear filter's width, and a pixel for the rounding.
        let margin = self.scale.max(1.0) + 1.0;
        let first = (self.start - margin).floor().max(0.0);
        let end = (self.start + self.length + margin).ceil();
        (first as u32, end.min(f64::from(side)) as u32)
    }
}
