//! How maps lie in the GPU's memory: `[batch, height, width, channels]` (NHWC), channels padded to whole blocks of four.

use std::borrow::Cow;

use half::f16;
use half::slice::HalfFloatSliceExt;
use resnet_web_core::size::product;
use resnet_web_core::storage_dtype::StorageDtype;

/// Channels that are stored side by side and read at once: a `vec4`.
pub const CHANNEL_BLOCK: usize = 4;
/// Rows of weights that are transposed together, so that what is written side by side is written at one time: one after the
/// other, every number would bring a line of memory in anew.
pub(crate) const ROWS_AT_ONCE: usize = 16;

/// Blocks of so many channels.
pub const fn channel_blocks(channels: usize) -> usize {
    channels.div_ceil(CHANNEL_BLOCK)
}

/// Pixels of a map `[batch, channels, height, width]`, `usize::MAX` at most.
pub const fn pixels([_, _, height, width]: [usize; 4]) -> usize {
    height.saturating_mul(width)
}

/// Bytes of a map `[batch, channels, height, width]`, `u64::MAX` at most.
pub fn map_bytes([batch, channels, height, width]: [usize; 4], dtype: StorageDtype) -> u64 {
    product(&[
        batch,
        channel_blocks(channels),
        CHANNEL_BLOCK,
        height,
        width,
        dtype.size(),
    ])
}

/// Copies column `column` of `rows`, each of so many numbers, to the beginning of `to`.
pub(crate) fn copy_column(rows: &[f32], length: usize, column: usize, to: &mut [f32]) {
    let column = rows
        .get(column..)
        .unwrap_or_default()
        .iter()
        .step_by(length);
    for (to, &from) in to.iter_mut().zip(column) {
        *to = from;
    }
}

/// A vector padded to whole channel blocks by zeros.
pub fn padded(mut values: Vec<f32>) -> Vec<f32> {
    values.resize(values.len().next_multiple_of(CHANNEL_BLOCK), 0.0);
    values
}

/// Maps `[batch, channels, height, width]` as `[batch, height, width, channels]`, channels padded to whole blocks by zeros.
pub fn to_nhwc(values: &[f32], [batch, channels, height, width]: [usize; 4]) -> Vec<f32> {
    let (pixels, channels_padded) = (height * width, channels.next_multiple_of(CHANNEL_BLOCK));
    let mut nhwc = vec![0.0; batch * pixels * channels_padded];
    for (row, numbers) in values.chunks_exact(pixels).enumerate() {
        let [image, channel] = [row / channels, row % channels];
        for (pixel, &number) in numbers.iter().enumerate() {
            nhwc[(image * pixels + pixel) * channels_padded + channel] = number;
        }
    }
    nhwc
}

/// The way back from [`to_nhwc`].
pub fn to_nchw(values: &[f32], [batch, channels, height, width]: [usize; 4]) -> Vec<f32> {
    let (pixels, channels_padded) = (height * width, channels.next_multiple_of(CHANNEL_BLOCK));
    let mut nchw = Vec::with_capacity(batch * channels * pixels);
    for image in values.chunks_exact(pixels * channels_padded) {
        for channel in 0..channels {
            nchw.extend(image.iter().skip(channel).step_by(channels_padded));
        }
    }
    nchw
}

/// Space-to-depth: maps `[batch, channels, height, width]` as `[batch, 4 * channels, down, across]`, where each pixel of the
/// result holds 2x2 of the map. The first channels are those of the upper left pixel, the next ones of the upper right one. The
/// result begins `padding` pixels above and left of the map; what lies outside is zero.
///
/// A convolution of stride 2 is one of stride 1 over the result, with its kernel brought into the same form. So the stem, whose
/// pixels have three channels, has twelve to read in one place, and no borders to look out for.
pub fn space_to_depth(
    values: &[f32],
    [batch, channels, height, width]: [usize; 4],
    padding: usize,
    [down, across]: [usize; 2],
) -> Vec<f32> {
    let mut deep = vec![0.0; batch * 4 * channels * down * across];
    for (row, pixels) in values.chunks_exact(height * width).enumerate() {
        let [map, channel] = [row / channels, row % channels];
        for (i, &value) in pixels.iter().enumerate() {
            let [y, x] = [i / width + padding, i % width + padding];
            if y / 2 < down && x / 2 < across {
                let part = (map * 4 + y % 2 * 2 + x % 2) * channels + channel;
                deep[(part * down + y / 2) * across + x / 2] = value;
            }
        }
    }
    deep
}

/// Numbers as they are stored.
pub fn to_bytes(values: &[f32], dtype: StorageDtype) -> Cow<'_, [u8]> {
    match dtype {
        StorageDtype::F32 => Cow::Borrowed(bytemuck::cast_slice(values)),
        StorageDtype::F16 => {
            let mut halves = vec![f16::ZERO; values.len()];
            halves.convert_from_f32_slice(values);
            Cow::Owned(halves.iter().flat_map(|half| half.to_le_bytes()).collect())
        }
    }
}

/// The way back from [`to_bytes`].
pub fn from_bytes(bytes: &[u8], dtype: StorageDtype) -> Vec<f32> {
    match dtype {
        StorageDtype::F32 => {
            let number = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes);
            bytes.as_chunks().0.iter().map(number).collect()
        }
        StorageDtype::F16 => {
            let number = |bytes: &[u8; 2]| f16::from_le_bytes(*bytes).to_f32();
            bytes.as_chunks().0.iter().map(number).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_maps_have_more_than_32_bits() {
        use StorageDtype::{F16, F32};
        let cases: [([usize; 4], StorageDtype, u64); 6] = [
            ([1, 64, 112, 112], F32, 3_211_264),
            ([1, 3, 2, 2], F32, 64),
            ([1, 10, 1, 1], F16, 24),
            ([1, 4096, 512, 512], F32, 1 << 32),
            ([1, 1 << 20, 64, 64], F32, 1 << 34),
            ([usize::MAX; 4], F32, u64::MAX),
        ];
        for (shape, dtype, bytes) in cases {
            assert_eq!(map_bytes(shape, dtype), bytes, "{shape:?}");
        }
    }

    #[test]
    fn a_convolution_of_stride_two_is_one_of_stride_one_after_space_to_depth() {
        let convolve = |x: &[f32],
                        [channels, height, width]: [usize; 3],
                        weight: &[f32],
                        kernel: usize,
                        [stride, padding]: [usize; 2]| {
            let size = |side: usize| (side + 2 * padding - kernel) / stride + 1;
            let mut sums = Vec::new();
            for out in 0..size(height) * size(width) {
                let [top, left] = [out / size(width) * stride, out % size(width) * stride];
                let mut sum = 0.0;
                for (i, w) in weight.iter().enumerate() {
                    let [channel, place] = [i / (kernel * kernel), i % (kernel * kernel)];
                    let [y, x_] = [top + place / kernel, left + place % kernel];
                    if (padding..height + padding).contains(&y)
                        && (padding..width + padding).contains(&x_)
                    {
                        let pixel = (y - padding) * width + x_ - padding;
                        sum += w * x[channel * height * width + pixel];
                    }
                }
                sums.push(sum);
            }
            assert_eq!(weight.len(), channels * kernel * kernel);
            sums
        };
        // Whole numbers, whose sums are exact: (channels, height, width, kernel, padding)
        for (channels, height, width, kernel, padding) in [
            (3, 14, 12, 7, 3),
            (1, 9, 11, 7, 3),
            (2, 8, 8, 3, 1),
            (1, 5, 6, 4, 0),
        ] {
            let numbers = |count: usize| (0..count).map(|i| (i * 7 % 23) as f32 - 11.0);
            let x: Vec<f32> = numbers(channels * height * width).collect();
            let weight: Vec<f32> = numbers(channels * kernel * kernel).collect();
            let expected = convolve(&x, [channels, height, width], &weight, kernel, [2, padding]);
            let across = kernel.div_ceil(2);
            let size = [height, width].map(|side| (side + 2 * padding - kernel) / 2 + across);
            let found = convolve(
                &space_to_depth(&x, [1, channels, height, width], padding, size),
                [4 * channels, size[0], size[1]],
                &space_to_depth(&weight, [1, channels, kernel, kernel], 0, [across; 2]),
                across,
                [1, 0],
            );
            assert_eq!(found, expected, "{channels} x {height} x {width}, {kernel}");
        }
    }

    #[test]
    fn a_map_comes_back_as_it_was() {
        for shape in [[1, 3, 2, 5], [2, 4, 1, 1], [2, 7, 3, 2]] {
            let count = shape.iter().product::<usize>();
            let values: Vec<f32> = (0..count).map(|i| i as f32).collect();
            assert_eq!(
                to_nchw(&to_nhwc(&values, shape), shape),
                values,
                "{shape:?}"
            );
        }
        assert_eq!(
            to_nhwc(&[1.0, 2.0, 3.0, 4.0], [1, 2, 1, 2])[..6],
            [1.0, 3.0, 0.0, 0.0, 2.0, 4.0]
        );
    }

    #[test]
    fn numbers_are_rounded_to_what_is_stored() {
        let values = [0.0, -1.5, 65_504.0, 1.0 + 1.0 / 4096.0];
        let cases = [
            (StorageDtype::F32, values),
            (StorageDtype::F16, [0.0, -1.5, 65_504.0, 1.0]),
        ];
        for (dtype, expected) in cases {
            let bytes = to_bytes(&values, dtype);
            assert_eq!(bytes.len(), values.len() * dtype.size(), "{dtype:?}");
            assert_eq!(from_bytes(&bytes, dtype), expected, "{dtype:?}");
        }
    }
}
