//! From a photo's pixels to the network's input, as torchvision does it on Pillow's images.
//!
//! `Resize(256)`, `CenterCrop(224)`, `ToTensor()`, `Normalize(mean, std)`, in that order. A network answers worse to a
//! picture that was resized differently from those it was trained on, so the resizing is Pillow's to the last bit:
//! bilinear with antialiasing, on 8-bit pixels, rows first.

use std::borrow::Cow;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x4;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What is done to a picture before the network sees it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// torchvision's `Resize`: the short side's length afterwards, in pixels.
    pub resize_short_side: u32,
    /// torchvision's `CenterCrop`: the square's side, in pixels.
    pub crop: u32,
    /// `Normalize`'s mean of red, green and blue, of values between 0 and 1.
    pub mean: [f32; 3],
    /// `Normalize`'s standard deviations.
    pub std: [f32; 3],
}

impl Default for Preprocessing {
    /// What torchvision's ImageNet weights were trained for.
    fn default() -> Self {
        Self {
            resize_short_side: 256,
            crop: 224,
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225],
        }
    }
}

/// Pixels that are no picture, or a picture that cannot be prepared.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ImageError {
    /// A side of zero.
    #[error(
        "the picture is {width} x {height} pixels; both sides must be at least 1. Choose another picture"
    )]
    Empty {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// Too few bytes or too many.
    #[error("a picture of {width} x {height} RGBA pixels has {expected} bytes, not {found}")]
    Length {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// Bytes for that many pixels.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// A preprocessing that asks for more than there is.
    #[error(
        "the preprocessing crops {crop} pixels out of {resize_short_side}; the crop must be at least 1 and fit"
    )]
    Crop {
        /// The crop's side.
        crop: u32,
        /// The short side it is cut from.
        resize_short_side: u32,
    },
}

/// Where the crop lies in the resized picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// Width and height after resizing, in pixels.
    pub resized: [u32; 2],
    /// The crop's left and top edge there.
    pub left_top: [u32; 2],
}

impl Preprocessing {
    /// Where the crop of a picture of this size lies.
    pub fn placement(&self, width: u32, height: u32) -> Placement {
        let short = width.min(height);
        // torchvision truncates the long side: int(256 * long / short).
        let resized = [width, height].map(|side| {
            let side = u64::from(self.resize_short_side) * u64::from(side) / u64::from(short);
            u32::try_from(side).unwrap_or(u32::MAX)
        });
        // int(round((side - 224) / 2.0)), where Python rounds half to even.
        let left_top =
            resized.map(|side| (f64::from(side - self.crop) / 2.0).round_ties_even() as u32);
        Placement { resized, left_top }
    }
}

/// Prepares RGBA pixels, 8 bits each, row by row. Gives `[3, crop, crop]`, row by row, for a network.
///
/// Transparency is laid over white.
///
/// # Errors
/// [`ImageError`] where the pixels are no picture of that size.
pub fn preprocess(
    rgba: &[u8],
    width: u32,
    height: u32,
    preprocessing: &Preprocessing,
) -> Result<Vec<f32>, ImageError> {
    let &Preprocessing {
        resize_short_side,
        crop,
        mean,
        std,
    } = preprocessing;
    let pixels = crop_pixels(rgba, width, height, preprocessing)?;
    let _ = resize_short_side;
    let plane = (crop * crop) as usize;
    let mut normalised = vec![0.0; 3 * plane];
    for (i, pixel) in pixels.iter().enumerate() {
        for c in 0..3 {
            normalised[c * plane + i] = (f32::from(pixel.0[c]) / 255.0 - mean[c]) / std[c];
        }
    }
    Ok(normalised)
}

/// The resized picture's centre, `crop` pixels square, before it is normalised.
fn crop_pixels(
    rgba: &[u8],
    width: u32,
    height: u32,
    preprocessing: &Preprocessing,
) -> Result<Vec<U8x4>, ImageError> {
    let &Preprocessing {
        resize_short_side,
        crop,
        ..
    } = preprocessing;
    if width == 0 || height == 0 {
        return Err(ImageError::Empty { width, height });
    }
    if crop == 0 || crop > resize_short_side {
        return Err(ImageError::Crop {
            crop,
            resize_short_side,
        });
    }
    let expected = width as usize * height as usize * 4;
    let length = ImageError::Length {
        width,
        height,
        expected,
        found: rgba.len(),
    };
    if rgba.len() != expected {
        return Err(length);
    }
    let opaque = over_white(rgba);
    let Ok(source) = TypedImageRef::<U8x4>::from_buffer(width, height, &opaque) else {
        return Err(length);
    };
    let mut target = TypedImage::<U8x4>::new(crop, crop);

    // Only the crop is computed: the filter reaches beyond the box just as it does in the whole picture.
    let placement = preprocessing.placement(width, height);
    let scale = [
        f64::from(width) / f64::from(placement.resized[0]),
        f64::from(height) / f64::from(placement.resized[1]),
    ];
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        .use_alpha(false)
        .crop(
            f64::from(placement.left_top[0]) * scale[0],
            f64::from(placement.left_top[1]) * scale[1],
            f64::from(crop) * scale[0],
            f64::from(crop) * scale[1],
        );
    if Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .is_err()
    {
        return Err(ImageError::Empty { width, height });
    }
    Ok(target.pixels().to_vec())
}

/// Transparent pixels laid over white, as on a page.
fn over_white(rgba: &[u8]) -> Cow<'_, [u8]> {
    let (pixels, _) = rgba.as_chunks::<4>();
    if pixels.iter().all(|pixel| pixel[3] == u8::MAX) {
        return Cow::Borrowed(rgba);
    }
    let composite = |&[r, g, b, alpha]: &[u8; 4]| {
        let over = |channel: u8| {
            let (channel, alpha) = (u32::from(channel), u32::from(alpha));
            ((channel * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        [over(r), over(g), over(b), u8::MAX]
    };
    Cow::Owned(pixels.iter().flat_map(composite).collect())
}
