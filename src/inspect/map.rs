//! A layer's activations: their distribution, and as grey-scale images.

use serde::Serialize;

/// The bins of a histogram, from the smallest activation to the largest.
const BINS: usize = 32;

/// The distribution of a layer's activations.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "engine.ts"))]
pub struct Statistics {
    /// The smallest activation.
    pub min: f32,
    /// The largest activation.
    pub max: f32,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, as of a whole population.
    pub deviation: f64,
    /// The number of channels that are zero everywhere.
    pub dead: usize,
    /// How many activations are in each of equal intervals between the smallest and the largest.
    pub histogram: Vec<u32>,
}

/// A channel and its activations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[cfg_attr(
    test,
    derive(ts_rs::TS),
    ts(export_to = "engine.ts", rename = "SeenChannel")
)]
pub struct Channel {
    /// Its index in the layer.
    pub index: usize,
    /// Its smallest activation: black in its image.
    pub min: f32,
    /// Its largest: white.
    pub max: f32,
    /// Their mean.
    pub mean: f32,
}

/// A layer's channels as grey-scale images, sorted by their largest activation, largest first.
#[derive(Debug)]
pub struct FeatureMaps {
    channels: Vec<Channel>,
    /// Height times width.
    size: usize,
    /// One byte for each activation, in the layer's order.
    pixels: Vec<u8>,
}

impl FeatureMaps {
    /// The channels, sorted by their largest activation, largest first.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The images of `count` channels from `from` on, in the order of [`channels`](Self::channels): one byte per pixel, 0 for
    /// the channel's smallest activation and 255 for its largest, row by row.
    pub fn pixels(&self, from: usize, count: usize) -> Vec<u8> {
        let chosen = self.channels.iter().skip(from).take(count);
        let image = |channel: &Channel| &self.pixels[channel.index * self.size..][..self.size];
        chosen.flat_map(image).copied().collect()
    }
}

/// The statistics and images of activations `[channels, height, width]`.
pub(super) fn inspect(
    values: &[f32],
    [count, height, width]: [usize; 3],
) -> (Statistics, FeatureMaps) {
    let size = height * width;
    let mut channels = Vec::with_capacity(count);
    let mut pixels = Vec::with_capacity(values.len());
    let (mut sum, mut squares, mut dead) = (0.0, 0.0, 0);
    for (index, map) in values.chunks_exact(size).enumerate() {
        let (mut min, mut max) = (f32::INFINITY, f32::NEG_INFINITY);
        let mut own = 0.0;
        for &value in map {
            min = min.min(value);
            max = max.max(value);
            own += f64::from(value);
            squares += f64::from(value) * f64::from(value);
        }
        sum += own;
        dead += usize::from(min == 0.0 && max == 0.0);
        let scale = if max > min { 255.0 / (max - min) } else { 0.0 };
        pixels.extend(map.iter().map(|value| ((value - min) * scale + 0.5) as u8));
        channels.push(Channel {
            index,
            min,
            max,
            mean: (own / size as f64) as f32,
        });
    }
    channels.sort_by(|a, b| b.max.total_cmp(&a.max));
    let min = channels.iter().fold(f32::INFINITY, |min, c| min.min(c.min));
    let max = channels.first().map_or(f32::NEG_INFINITY, |c| c.max);
    let (total, mean) = (values.len() as f64, sum / values.len() as f64);
    let statistics = Statistics {
        min,
        max,
        mean,
        deviation: (squares / total - mean * mean).max(0.0).sqrt(),
        dead,
        histogram: histogram(values, min, max),
    };
    let maps = FeatureMaps {
        channels,
        size,
        pixels,
    };
    (statistics, maps)
}

fn histogram(values: &[f32], min: f32, max: f32) -> Vec<u32> {
    let mut bins = vec![0; BINS];
    let scale = if max > min {
        BINS as f32 / (max - min)
    } else {
        0.0
    };
    for value in values {
        // The largest is in the last bin, not beyond it.
        let bin = (((value - min) * scale) as usize).min(BINS - 1);
        bins[bin] += 1;
    }
    bins
}
