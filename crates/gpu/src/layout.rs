//! Weights in the order in which the shaders read them.

use resnet_web_core::resnet::conv::ConvShape;
use resnet_web_core::size::product;

/// Invocations of a pool's workgroup, as its shader has them.
pub const POOL_INVOCATIONS: usize = 64;
/// Channels that are loaded at once.
pub const QUAD: usize = 4;
/// Output channels of a workgroup, as the convolution's shader has them.
const TILE: usize = 64;
/// Outputs that are packed together, so that what is written side by side is written at one time: one after the other,
/// every number would bring a line of memory in anew.
const BLOCK: usize = 16;

/// Bytes of a map `[batch, channels, height, width]` of numbers of so many bytes, channels filled up to whole quads.
pub fn map_bytes([batch, channels, height, width]: [usize; 4], number: usize) -> u64 {
    product(&[batch, channels.div_ceil(QUAD), QUAD, height, width, number])
}

/// Workgroups of the max pool for an output `[batch, channels, height, width]`: along its rows, then one for each row and
/// each picture. In one row are a few hundred, at any size; WebGPU allows 65,535 along each axis.
pub const fn pool_workgroups([batch, channels, height, width]: [usize; 4]) -> [usize; 3] {
    let row = width * channels.div_ceil(QUAD);
    [row.div_ceil(POOL_INVOCATIONS), height, batch]
}

/// A convolution's weights, `[kernel pixel][input of a span][output]`, inputs and outputs filled up to whole quads by zeros.
///
/// A span is what a workgroup's outputs see of the input: all of it, or in groups so much of it that no workgroup needs
/// another's. Where a span holds several groups, what an output does not see is zero.
#[derive(Debug, Clone, PartialEq)]
pub struct PackedConvolution {
    /// The numbers.
    pub values: Vec<f32>,
    /// Quads of input channels of a span.
    pub span_quads: usize,
    /// Quads of output channels that share a span.
    pub span_outputs: usize,
}

/// Packs `weight`, `[out, in / groups, height, width]` row by row.
pub fn pack_convolution(weight: &[f32], shape: ConvShape) -> PackedConvolution {
    let ConvShape {
        inputs,
        outputs,
        kernel,
        groups,
        ..
    } = shape;
    let [group_inputs, group_outputs] = [inputs / groups, outputs / groups];
    let apart = groups > 1
        && inputs == outputs
        && outputs.is_multiple_of(TILE.max(group_outputs))
        && (TILE.is_multiple_of(group_outputs) || group_outputs.is_multiple_of(TILE));
    let [span_inputs, span_outputs] = if apart {
        [TILE.max(group_outputs); 2]
    } else {
        [inputs, outputs]
    };
    let span_padded = span_inputs.next_multiple_of(QUAD);
    let outputs_padded = outputs.next_multiple_of(QUAD);
    let pixels = kernel * kernel;
    let mut values = vec![0.0; pixels * span_padded * outputs_padded];
    let length = group_inputs * pixels;
    for (group, rows) in weight.chunks_exact(group_outputs * length).enumerate() {
        let first_output = group * group_outputs;
        let first_input = group * group_inputs - first_output / span_outputs * span_inputs;
        for (block, rows) in rows.chunks(BLOCK * length).enumerate() {
            let first_output = first_output + block * BLOCK;
            for i in 0..length {
                let [input, pixel] = [first_input + i / pixels, i % pixels];
                let line = (pixel * span_padded + input) * outputs_padded + first_output;
                copy_column(rows, length, i, &mut values[line..]);
            }
        }
    }
    PackedConvolution {
        values,
        span_quads: span_padded / QUAD,
        span_outputs: span_outputs.div_ceil(QUAD),
    }
}

/// Packs a linear layer's `weight`, `[classes, channels * pixels]` row by row as PyTorch flattens a map, into
/// `[pixel][channel][class]`, channels and classes filled up to whole quads by zeros.
pub fn pack_linear(weight: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    let features = channels * pixels;
    let classes = weight.len() / features;
    let [channels_padded, classes_padded] =
        [channels, classes].map(|count| count.next_multiple_of(QUAD));
    let mut values = vec![0.0; pixels * channels_padded * classes_padded];
    for (block, rows) in weight.chunks(BLOCK * features).enumerate() {
        for feature in 0..features {
            let [channel, pixel] = [feature / pixels, feature % pixels];
            let line = (pixel * channels_padded + channel) * classes_padded + block * BLOCK;
            copy_column(rows, features, feature, &mut values[line..]);
        }
    }
    values
}

/// Copies column `column` of `rows`, each of so many numbers, to the beginning of `to`.
fn copy_column(rows: &[f32], length: usize, column: usize, to: &mut [f32]) {
    let column = rows
        .get(column..)
        .unwrap_or_default()
        .iter()
        .step_by(length);
    for (to, &from) in to.iter_mut().zip(column) {
        *to = from;
    }
}

/// A vector filled up to whole quads by zeros.
pub fn padded(mut values: Vec<f32>) -> Vec<f32> {
    values.resize(values.len().next_multiple_of(QUAD), 0.0);
    values
}

/// Maps `[batch, channels, height, width]` as `[batch, height, width, channels]`, channels filled up to whole quads.
pub fn interleave(values: &[f32], [batch, channels, height, width]: [usize; 4]) -> Vec<f32> {
    let (pixels, channels_padded) = (height * width, channels.next_multiple_of(QUAD));
    let mut interleaved = vec![0.0; batch * pixels * channels_padded];
    for (row, numbers) in values.chunks_exact(pixels).enumerate() {
        let [picture, channel] = [row / channels, row % channels];
        for (pixel, &number) in numbers.iter().enumerate() {
            interleaved[(picture * pixels + pixel) * channels_padded + channel] = number;
        }
    }
    interleaved
}

/// Maps `[batch, channels, height, width]` cut into cells of 2x2 pixels, `[batch, 4 * channels, cells down, cells across]`
/// row by row: the first channels are those of each cell's upper left pixel, the next ones of the right one beside it. The
/// first cell begins `padding` pixels above and left of the map; what lies outside is zero.
///
/// A convolution of stride 2 is one of stride 1 over cells, its kernel cut into cells likewise. So the stem, whose pixels
/// have three channels, has twelve to read in one place, and no borders to look out for.
pub fn cells(
    values: &[f32],
    [batch, channels, height, width]: [usize; 4],
    padding: usize,
    [down, across]: [usize; 2],
) -> Vec<f32> {
    let mut cells = vec![0.0; batch * 4 * channels * down * across];
    for (row, pixels) in values.chunks_exact(height * width).enumerate() {
        let [map, channel] = [row / channels, row % channels];
        for (i, &value) in pixels.iter().enumerate() {
            let [y, x] = [i / width + padding, i % width + padding];
            if y / 2 < down && x / 2 < across {
                let part = (map * 4 + y % 2 * 2 + x % 2) * channels + channel;
                cells[(part * down + y / 2) * across + x / 2] = value;
            }
        }
    }
    cells
}

/// The way back from [`interleave`].
pub fn separate(values: &[f32], [batch, channels, height, width]: [usize; 4]) -> Vec<f32> {
    let (pixels, channels_padded) = (height * width, channels.next_multiple_of(QUAD));
    let mut separated = Vec::with_capacity(batch * channels * pixels);
    for picture in values.chunks_exact(pixels * channels_padded) {
        for channel in 0..channels {
            separated.extend(picture.iter().skip(channel).step_by(channels_padded));
        }
    }
    separated
}

#[cfg(test)]
mod tests {
    use super::*;
    use resnet_web_core::resnet::conv::Arithmetic;

    #[test]
    fn bytes_of_maps_have_more_than_32_bits() {
        let cases: [([usize; 4], usize, u64); 6] = [
            ([1, 64, 112, 112], 4, 3_211_264),
            ([1, 3, 2, 2], 4, 64),
            ([1, 10, 1, 1], 2, 24),
            ([1, 4096, 512, 512], 4, 1 << 32),
            ([1, 1 << 20, 64, 64], 4, 1 << 34),
            ([usize::MAX; 4], 4, u64::MAX),
        ];
        for (shape, number, bytes) in cases {
            assert_eq!(map_bytes(shape, number), bytes, "{shape:?}");
        }
    }

    #[test]
    fn a_pools_workgroups_are_as_many_as_webgpu_allows_at_every_size() {
        // The crop, and what comes out of the stem's pool.
        for (crop, side) in [(32, 8), (224, 56), (2040, 510), (2041, 511), (2048, 512)] {
            let workgroups = pool_workgroups([1, 64, side, side]);
            let most = workgroups.into_iter().max();
            assert!(most <= Some(65_535), "{crop}: {workgroups:?}");
            let invocations = workgroups[0] * POOL_INVOCATIONS * workgroups[1];
            assert!(
                invocations >= side * side * 64 / QUAD,
                "{crop}: {workgroups:?}"
            );
        }
    }

    #[test]
    fn every_weight_stands_where_its_output_reads_it() {
        // (inputs, outputs, kernel, groups, inputs of a span)
        let cases: [(usize, usize, usize, usize, usize); 7] = [
            (3, 64, 7, 1, 3),
            (5, 6, 3, 1, 5),
            (128, 128, 3, 32, 64),
            (256, 256, 3, 2, 128),
            (8, 8, 1, 4, 8),
            (192, 192, 1, 2, 192),
            (64, 128, 1, 2, 64),
        ];
        for (inputs, outputs, kernel, groups, span) in cases {
            let shape = ConvShape {
                inputs,
                outputs,
                kernel,
                groups,
                stride: 1,
                padding: 0,
                arithmetic: Arithmetic::F32,
            };
            let [_, group_inputs, ..] = shape.weight();
            let pixels = kernel * kernel;
            let count = outputs * group_inputs * pixels;
            let weight: Vec<f32> = (1..=count).map(|i| i as f32).collect();
            let packed = pack_convolution(&weight, shape);
            assert_eq!(packed.span_quads, span.div_ceil(QUAD), "{shape:?}");
            let outputs_padded = outputs.next_multiple_of(QUAD);
            let mut nonzero = 0;
            for output in 0..outputs {
                let first = output / QUAD / packed.span_outputs * packed.span_quads * QUAD;
                for line in 0..packed.span_quads * QUAD * pixels {
                    let [pixel, input] = [
                        line / (packed.span_quads * QUAD),
                        line % (packed.span_quads * QUAD),
                    ];
                    let seen = first + input;
                    let group = output / (outputs / groups);
                    let expected = if seen < inputs && seen / group_inputs == group {
                        weight[(output * group_inputs + seen % group_inputs) * pixels + pixel]
                    } else {
                        0.0
                    };
                    let found = packed.values[line * outputs_padded + output];
                    assert_eq!(
                        found, expected,
                        "{shape:?}, output {output}, input {seen}, pixel {pixel}"
                    );
                    nonzero += usize::from(found != 0.0);
                }
            }
            assert_eq!(nonzero, count, "{shape:?}");
        }
    }

    #[test]
    fn a_flattened_maps_weights_follow_its_order_in_memory() {
        // Two classes, three channels of two pixels.
        let weight: Vec<f32> = (1..=12).map(|i| i as f32).collect();
        let packed = pack_linear(&weight, 3, 2);
        let line = |pixel: usize, channel: usize| &packed[(pixel * 4 + channel) * 4..][..4];
        assert_eq!(line(0, 0), [1.0, 7.0, 0.0, 0.0]);
        assert_eq!(line(1, 0), [2.0, 8.0, 0.0, 0.0]);
        assert_eq!(line(1, 2), [6.0, 12.0, 0.0, 0.0]);
        assert_eq!(line(0, 3), [0.0; 4]);
    }

    #[test]
    fn a_convolution_of_stride_two_is_one_of_stride_one_over_cells() {
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
                &cells(&x, [1, channels, height, width], padding, size),
                [4 * channels, size[0], size[1]],
                &cells(&weight, [1, channels, kernel, kernel], 0, [across; 2]),
                across,
                [1, 0],
            );
            assert_eq!(found, expected, "{channels} x {height} x {width}, {kernel}");
        }
    }

    #[test]
    fn a_map_comes_back_as_it_went() {
        for shape in [[1, 3, 2, 5], [2, 4, 1, 1], [2, 7, 3, 2]] {
            let count = shape.iter().product::<usize>();
            let values: Vec<f32> = (0..count).map(|i| i as f32).collect();
            assert_eq!(
                separate(&interleave(&values, shape), shape),
                values,
                "{shape:?}"
            );
        }
        assert_eq!(
            interleave(&[1.0, 2.0, 3.0, 4.0], [1, 2, 1, 2])[..6],
            [1.0, 3.0, 0.0, 0.0, 2.0, 4.0]
        );
    }
}
