//! From a photo's pixels to the network's input, as torchvision does it on Pillow's images.
//!
//! `Resize(256)`, `CenterCrop(224)`, `ToTensor()`, `Normalize(mean, std)`, in that order. A network classifies an
//! image worse if it was resized in another way than those it was trained on, so the pixels are Pillow's, bit for bit.
//! Other libraries' networks take another filter, a stretched image, blue first or values up to 255.
//!
//! What loops over pixels is `#[inline]`: this crate is compiled for size, and those that call it for speed.

mod resize;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use resize::Interpolation;

/// How an image of any shape becomes a square.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum Fit {
    /// The short side is resized and the long one in proportion; the crop takes the middle.
    #[default]
    Crop,
    /// Both sides become as long as the short one is to be: timm's `squash`, Hugging Face's `size` of height and width.
    Stretch,
}

/// The order of the channels in the network's input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum ChannelOrder {
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Blue, green, red: Caffe's and OpenCV's.
    Bgr,
}

/// From an image to the network's input. It belongs to a model and is stored in its weight file.
///
/// Fields that files of format 1 lack have the values there that such files mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// torchvision's `Resize`: the short side's length afterwards, in pixels.
    #[serde(alias = "resizeShortSide")]
    pub resize_short_side: u32,
    /// torchvision's `CenterCrop`: the square's side, in pixels.
    pub crop: u32,
    /// `Normalize`'s mean of each channel, in the network's order and range.
    pub mean: [f32; 3],
    /// `Normalize`'s standard deviations.
    pub std: [f32; 3],
    /// Which filter resizes.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub interpolation: Interpolation,
    /// How an image of any shape becomes a square.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub fit: Fit,
    /// Which colour comes first.
    #[serde(default, skip_serializing_if = "is_usual", alias = "channelOrder")]
    pub channel_order: ChannelOrder,
    /// What white is before it is normalised: 1, or 255 for Caffe's and mmpretrain's networks.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub range: f32,
}

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const fn one() -> f32 {
    1.0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_one(range: &f32) -> bool {
    *range == 1.0
}

/// Parts of a preprocessing that are known from elsewhere than the weight file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts", optional_fields))]
pub struct PreprocessingChoice {
    /// The short side's length after resizing, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resize_short_side: Option<u32>,
    /// The side of the square in its middle, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<u32>,
    /// `Normalize`'s mean of each channel, in the network's order and range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<[f32; 3]>,
    /// `Normalize`'s standard deviations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std: Option<[f32; 3]>,
    /// Which filter resizes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpolation: Option<Interpolation>,
    /// How an image of any shape becomes a square.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit: Option<Fit>,
    /// Which colour comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_order: Option<ChannelOrder>,
    /// What white is before it is normalised: 1, or 255 for Caffe's and mmpretrain's networks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<f32>,
}

impl PreprocessingChoice {
    /// This, and what `other` says where this says nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            resize_short_side: self.resize_short_side.or(other.resize_short_side),
            crop: self.crop.or(other.crop),
            mean: self.mean.or(other.mean),
            std: self.std.or(other.std),
            interpolation: self.interpolation.or(other.interpolation),
            fit: self.fit.or(other.fit),
            channel_order: self.channel_order.or(other.channel_order),
            range: self.range.or(other.range),
        }
    }

    /// Whether it has size and normalisation. What it leaves open besides is nearly always the usual.
    pub const fn is_whole(&self) -> bool {
        self.resize_short_side.is_some()
            && self.crop.is_some()
            && self.mean.is_some()
            && self.std.is_some()
    }
}

impl From<Preprocessing> for PreprocessingChoice {
    fn from(whole: Preprocessing) -> Self {
        Self {
            resize_short_side: Some(whole.resize_short_side),
            crop: Some(whole.crop),
            mean: Some(whole.mean),
            std: Some(whole.std),
            interpolation: Some(whole.interpolation),
            fit: Some(whole.fit),
            channel_order: Some(whole.channel_order),
            range: Some(whole.range),
        }
    }
}

impl Default for Preprocessing {
    /// What torchvision's ImageNet weights were trained for.
    fn default() -> Self {
        Self {
            resize_short_side: 256,
            crop: 224,
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225],
            interpolation: Interpolation::Bilinear,
            fit: Fit::Crop,
            channel_order: ChannelOrder::Rgb,
            range: 1.0,
        }
    }
}

/// Invalid pixels or an invalid preprocessing.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// A side of zero.
    #[error(
        "the image is {width} x {height} pixels; both sides must be at least 1. Choose another image"
    )]
    Empty {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// Too few bytes or too many.
    #[error(
        "expected {expected} bytes for {width} x {height} RGBA pixels, found {found}. Pass four bytes per pixel"
    )]
    Length {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// Bytes for that many pixels.
        expected: u128,
        /// Bytes given.
        found: usize,
    },
    /// A preprocessed image of another size.
    #[error("expected a preprocessed image of {expected} values, found {found}")]
    Values {
        /// Channels times height times width.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A crop of zero pixels, of more than the resized image has, or of more than [`MAX_CROP`].
    #[error(
        "the preprocessing crops a square of {crop} pixels out of a short side of {resize_short_side}; \
         the crop must be between 1 and {MAX_CROP} pixels, and fit. Use another weight file"
    )]
    Crop {
        /// The crop's side.
        crop: u32,
        /// The short side it is cut from.
        resize_short_side: u32,
    },
    /// A mean or a standard deviation that is not valid.
    #[error(
        "the preprocessing normalises with mean {mean:?} and standard deviation {std:?}; \
         all must be finite and the deviations above 0. Use another weight file"
    )]
    Normalisation {
        /// Of each channel.
        mean: [f32; 3],
        /// Of each channel.
        std: [f32; 3],
    },
    /// A range that is not valid.
    #[error(
        "the preprocessing makes white {range}; expected a number above 0, such as 1 or 255. Use another weight file"
    )]
    Range {
        /// What white becomes.
        range: f32,
    },
}

/// The largest crop, in pixels: a weight file must not make a page run out of memory.
pub const MAX_CROP: u32 = 2048;

/// Where the crop lies in the resized image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// Width and height after resizing, in pixels. More than 32 bits: a strip one pixel high becomes 256 times as long.
    pub resized: [u64; 2],
    /// The crop's left and top edge there.
    pub left_top: [u64; 2],
}

impl Preprocessing {
    /// The same with what is chosen.
    #[must_use]
    pub fn with(self, choice: &PreprocessingChoice) -> Self {
        Self {
            resize_short_side: choice.resize_short_side.unwrap_or(self.resize_short_side),
            crop: choice.crop.unwrap_or(self.crop),
            mean: choice.mean.unwrap_or(self.mean),
            std: choice.std.unwrap_or(self.std),
            interpolation: choice.interpolation.unwrap_or(self.interpolation),
            fit: choice.fit.unwrap_or(self.fit),
            channel_order: choice.channel_order.unwrap_or(self.channel_order),
            range: choice.range.unwrap_or(self.range),
        }
    }

    /// Whether weight files of format 1 can say it: it has only torchvision's filter, fit, order and range.
    pub fn is_of_format_1(&self) -> bool {
        let Self {
            interpolation,
            fit,
            channel_order,
            range,
            ..
        } = self;
        is_usual(interpolation) && is_usual(fit) && is_usual(channel_order) && is_one(range)
    }

    /// Checks that it is valid.
    ///
    /// # Errors
    /// [`ImageError::Crop`], [`ImageError::Normalisation`] or [`ImageError::Range`].
    pub fn validate(&self) -> Result<(), ImageError> {
        let &Self {
            resize_short_side,
            crop,
            mean,
            std,
            range,
            interpolation: _,
            fit: _,
            channel_order: _,
        } = self;
        if crop == 0 || crop > MAX_CROP || crop > resize_short_side {
            return Err(ImageError::Crop {
                crop,
                resize_short_side,
            });
        }
        let usable = mean.iter().all(|value| value.is_finite())
            && std.iter().all(|value| value.is_normal() && *value > 0.0);
        if !usable {
            return Err(ImageError::Normalisation { mean, std });
        }
        if !range.is_normal() || range < 0.0 {
            return Err(ImageError::Range { range });
        }
        Ok(())
    }

    /// Where the crop of an image of this size, in pixels, lies.
    ///
    /// # Errors
    /// [`ImageError::Empty`], or what [`validate`](Self::validate) finds.
    pub fn placement(&self, width: u32, height: u32) -> Result<Placement, ImageError> {
        self.validate()?;
        if width == 0 || height == 0 {
            return Err(ImageError::Empty { width, height });
        }
        let short = u64::from(width.min(height));
        let resized = [width, height].map(|side| match self.fit {
            // torchvision truncates the long side: int(256 * long / short).
            Fit::Crop => u64::from(self.resize_short_side) * u64::from(side) / short,
            Fit::Stretch => u64::from(self.resize_short_side),
        });
        // int(round((side - 224) / 2.0)), where Python rounds half to even.
        let left_top = resized
            .map(|side| ((side - u64::from(self.crop)) as f64 / 2.0).round_ties_even() as u64);
        Ok(Placement { resized, left_top })
    }
}

/// Preprocesses RGBA pixels of 8 bits, row by row. Returns the network's input `[1, 3, crop, crop]`, row by row.
///
/// Transparency is laid over white. Any aspect ratio will do: only what the crop shows is computed.
///
/// # Errors
/// [`ImageError`] if the pixels have another size, or the preprocessing is not valid.
#[inline]
pub fn preprocess(
    rgba: &[u8],
    width: u32,
    height: u32,
    preprocessing: &Preprocessing,
) -> Result<Vec<f32>, ImageError> {
    let placement = preprocessing.placement(width, height)?;
    let expected = u128::from(width) * u128::from(height) * 4;
    if rgba.len() as u128 != expected {
        return Err(ImageError::Length {
            width,
            height,
            expected,
            found: rgba.len(),
        });
    }
    let (pixels, _) = rgba.as_chunks::<4>();
    let opaque = over_white(pixels);
    let square = resize::resized_crop(
        &opaque,
        [width, height],
        &placement,
        preprocessing.crop,
        preprocessing.interpolation,
    );
    Ok(normalised(&square, preprocessing))
}

/// torchvision's `ToTensor()` and `Normalize(mean, std)`: channels first, in f32 throughout.
#[inline]
fn normalised(pixels: &[[u8; 4]], preprocessing: &Preprocessing) -> Vec<f32> {
    let mut channels = Vec::with_capacity(3 * pixels.len());
    let colours = match preprocessing.channel_order {
        ChannelOrder::Rgb => [0, 1, 2],
        ChannelOrder::Bgr => [2, 1, 0],
    };
    let step = 255.0 / preprocessing.range;
    let normalisation = preprocessing.mean.iter().zip(preprocessing.std);
    for (colour, (mean, std)) in colours.into_iter().zip(normalisation) {
        let normalise = |pixel: &[u8; 4]| (f32::from(pixel[colour]) / step - mean) / std;
        channels.extend(pixels.iter().map(normalise));
    }
    channels
}

/// Lays transparent pixels over white, each channel rounded to the nearest.
#[inline]
fn over_white(pixels: &[[u8; 4]]) -> Cow<'_, [[u8; 4]]> {
    if pixels.iter().all(|pixel| pixel[3] == u8::MAX) {
        return Cow::Borrowed(pixels);
    }
    let composite = |&[red, green, blue, alpha]: &[u8; 4]| {
        let over = |channel: u8| {
            let (channel, alpha) = (u32::from(channel), u32::from(alpha));
            // 255 is odd, so no sum lies halfway between two levels.
            ((channel * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        [over(red), over(green), over(blue), u8::MAX]
    };
    Cow::Owned(pixels.iter().map(composite).collect())
}
