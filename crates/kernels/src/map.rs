//! Feature maps and the windows that slide over them.

use std::ops::Range;

/// A feature map, `[height, width, channels]`: one image of an NHWC tensor.
#[derive(Debug, Clone, Copy)]
pub struct FeatureMap<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl<'a> FeatureMap<'a> {
    /// A map of shape `[height, width, channels]`.
    ///
    /// # Panics
    /// If the shape has another size than `data`.
    pub fn new(data: &'a [f32], [height, width, channels]: [usize; 3]) -> Self {
        let pixels = height.checked_mul(width);
        let size = pixels.and_then(|pixels| pixels.checked_mul(channels));
        assert!(size == Some(data.len()), "the map has another size");
        Self {
            data,
            height,
            width,
            channels,
        }
    }

    /// All of its numbers.
    pub fn numbers(&self) -> &'a [f32] {
        self.data
    }

    /// The channels of a pixel.
    #[inline]
    pub(crate) fn pixel(&self, y: usize, x: usize) -> &'a [f32] {
        &self.data[(y * self.width + x) * self.channels..][..self.channels]
    }

    /// The pixels of a row.
    #[inline]
    pub(crate) fn row(&self, y: usize) -> &'a [f32] {
        let size = self.width * self.channels;
        &self.data[y * size..][..size]
    }
}

/// Square windows over a map: what a convolution or a pooling layer reads for each of its outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Height and width, in pixels.
    pub side: usize,
    /// From one window to the next, in pixels.
    pub stride: usize,
    /// Pixels added around the map.
    pub padding: usize,
}

impl Window {
    /// How many windows there are along a side of the map.
    ///
    /// # Panics
    /// If the window is larger than the padded map, or the stride is zero.
    pub fn count(&self, side: usize) -> usize {
        (side + 2 * self.padding - self.side) / self.stride + 1
    }

    /// The pixels that a window covers along a side of the map, without padding.
    #[inline]
    pub(crate) fn covers(&self, window: usize, side: usize) -> Range<usize> {
        let start = window * self.stride;
        start.saturating_sub(self.padding)..(start + self.side - self.padding).min(side)
    }
}
