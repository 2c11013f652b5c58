//! A convolution with bias, and with residual and ReLU where the layer has them: a matrix product that gathers its left side.

use resnet_web_core::resnet::conv::ConvShape;

use super::{Kernel, count, params};
use crate::layout::{CHANNEL_BLOCK, ROWS_AT_ONCE, channel_blocks, copy_column, pixels};

/// Pixels of an invocation, as the shader unrolls them.
const INVOCATION_PIXELS: u32 = 8;
/// Channel blocks of an invocation, as the shader unrolls them.
const INVOCATION_BLOCKS: u32 = 2;

params! {
    /// The shader's parameters.
    Params {
        /// Of the input, in pixels.
        height: u32,
        /// Of the input, in pixels.
        width: u32,
        /// Of the output, in pixels.
        out_height: u32,
        /// Of the output, in pixels.
        out_width: u32,
        /// Channel blocks of an input pixel.
        input_blocks: u32,
        /// Channel blocks of an output pixel.
        output_blocks: u32,
        /// Channel blocks of [`Span::inputs`].
        span_inputs: u32,
        /// Channel blocks of [`Span::outputs`].
        span_outputs: u32,
        /// Height and width of the kernel.
        kernel: u32,
        /// In pixels, both ways.
        stride: u32,
        /// Zeros on each side.
        padding: u32,
        /// 1 where negative sums become zero.
        relu: u32,
        /// 1 where the residual is added.
        has_residual: u32,
    }
}

/// A variant of the kernel: the invocations of a workgroup, as a rectangle over pixels and channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// Invocations along the pixels, eight each.
    pub rows: u32,
    /// Invocations along the channels, two blocks of four each.
    pub columns: u32,
}

impl Tile {
    /// Pixels of a workgroup.
    pub const fn pixels(self) -> usize {
        self.rows as usize * INVOCATION_PIXELS as usize
    }

    /// Output channel blocks of a workgroup.
    pub const fn blocks(self) -> usize {
        self.columns as usize * INVOCATION_BLOCKS as usize
    }

    /// Output channels of a workgroup.
    pub const fn channels(self) -> usize {
        self.blocks() * CHANNEL_BLOCK
    }
}

/// The kernel's variant for a tile.
pub fn kernel(tile: Tile) -> Kernel {
    Kernel {
        name: "conv2d",
        invocations: tile.rows.saturating_mul(tile.columns),
        constants: vec![
            ("COLUMNS", tile.columns),
            ("INVOCATION_PIXELS", INVOCATION_PIXELS),
            ("TILE_PIXELS", count(tile.pixels())),
            ("TILE_BLOCKS", count(tile.blocks())),
        ],
        bindings: &["input", "output", "weights", "bias", "residual"],
        f32_input: false,
        source: include_str!("conv2d.wgsl"),
    }
}

/// What the outputs of a workgroup see of the input: all of it or, with groups, so much of it that no workgroup needs
/// another's. Where a span holds several groups, the weights of what an output does not see are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Input channels.
    pub inputs: usize,
    /// Output channels that see the same inputs.
    pub outputs: usize,
}

impl Span {
    /// That of a convolution whose workgroups compute such tiles.
    pub fn new(shape: ConvShape, tile: Tile) -> Self {
        let ConvShape {
            inputs,
            outputs,
            groups,
            ..
        } = shape;
        let [group, tile] = [outputs / groups, tile.channels()];
        let widest = tile.max(group);
        let apart = groups > 1
            && inputs == outputs
            && outputs.is_multiple_of(widest)
            && (tile.is_multiple_of(group) || group.is_multiple_of(tile));
        if apart {
            Self {
                inputs: widest,
                outputs: widest,
            }
        } else {
            Self { inputs, outputs }
        }
    }
}

impl Params {
    /// For a convolution from and to maps `[batch, channels, height, width]`.
    pub fn new(
        shape: ConvShape,
        tile: Tile,
        [input, output]: [[usize; 4]; 2],
        [relu, has_residual]: [bool; 2],
    ) -> Self {
        let span = Span::new(shape, tile);
        Self {
            height: count(input[2]),
            width: count(input[3]),
            out_height: count(output[2]),
            out_width: count(output[3]),
            input_blocks: count(channel_blocks(input[1])),
            output_blocks: count(channel_blocks(output[1])),
            span_inputs: count(channel_blocks(span.inputs)),
            span_outputs: count(channel_blocks(span.outputs)),
            kernel: count(shape.kernel),
            stride: count(shape.stride),
            padding: count(shape.padding),
            relu: relu.into(),
            has_residual: has_residual.into(),
        }
    }
}

/// Workgroups for an output `[batch, channels, height, width]`: along x its pixels, along y its channels, along z the images.
pub fn workgroups(tile: Tile, output: [usize; 4]) -> [usize; 3] {
    let [batch, channels, ..] = output;
    [
        pixels(output).div_ceil(tile.pixels()),
        channel_blocks(channels).div_ceil(tile.blocks()),
        batch,
    ]
}

/// The sides of the packed weights: kernel pixels, inputs of a span and outputs, the latter two padded to whole blocks.
pub fn packed_shape(shape: ConvShape, tile: Tile) -> [usize; 3] {
    let channels = [Span::new(shape, tile).inputs, shape.outputs];
    let [inputs, outputs] = channels.map(|count| count.next_multiple_of(CHANNEL_BLOCK));
    [shape.kernel.saturating_mul(shape.kernel), inputs, outputs]
}

/// Packs `weight`, `[out, in / groups, height, width]` row by row, into `[kernel pixel][input of a span][output]`, inputs and
/// outputs padded to whole blocks by zeros.
pub fn pack(weight: &[f32], shape: ConvShape, tile: Tile) -> Vec<f32> {
    let span = Span::new(shape, tile);
    let [pixels, inputs_padded, outputs_padded] = packed_shape(shape, tile);
    let [group_inputs, group_outputs] = [shape.inputs, shape.outputs].map(|of| of / shape.groups);
    let mut values = vec![0.0; pixels * inputs_padded * outputs_padded];
    let length = group_inputs * pixels;
    for (group, rows) in weight.chunks_exact(group_outputs * length).enumerate() {
        let first_output = group * group_outputs;
        let first_input = group * group_inputs - first_output / span.outputs * span.inputs;
        for (block, rows) in rows.chunks(ROWS_AT_ONCE * length).enumerate() {
            let first_output = first_output + block * ROWS_AT_ONCE;
            for i in 0..length {
                let [input, pixel] = [first_input + i / pixels, i % pixels];
                let line = (pixel * inputs_padded + input) * outputs_padded + first_output;
                copy_column(rows, length, i, &mut values[line..]);
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use resnet_web_core::resnet::conv::Arithmetic;

    use super::*;

    const TILES: [Tile; 3] = [
        Tile {
            rows: 4,
            columns: 8,
        },
        Tile {
            rows: 8,
            columns: 4,
        },
        Tile {
            rows: 16,
            columns: 16,
        },
    ];

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn the_shader_has_these_parameters() {
        let kernels = TILES.map(kernel);
        let faults = kernels
            .iter()
            .flat_map(crate::kernels::check::faults::<Params>);
        assert_eq!(faults.collect::<Vec<_>>(), Vec::<String>::new());
    }

    #[test]
    fn every_output_has_an_invocation() {
        let [wide, narrow, _] = TILES;
        let cases = [
            (wide, [1, 64, 112, 112], [392, 1, 1]),
            (wide, [1, 2048, 7, 7], [2, 32, 1]),
            (wide, [2, 65, 3, 11], [2, 2, 2]),
            (narrow, [1, 64, 112, 112], [196, 2, 1]),
        ];
        for (tile, output, expected) in cases {
            assert_eq!(workgroups(tile, output), expected, "{tile:?} {output:?}");
        }
    }

    #[test]
    fn every_weight_stands_where_its_output_reads_it() {
        // (inputs, outputs, kernel, groups), and the inputs of a span for a tile of 64 channels.
        let cases: [(usize, usize, usize, usize, usize); 7] = [
            (3, 64, 7, 1, 3),
            (5, 6, 3, 1, 5),
            (128, 128, 3, 32, 64),
            (256, 256, 3, 2, 128),
            (8, 8, 1, 4, 8),
            (192, 192, 1, 2, 192),
            (64, 128, 1, 2, 64),
        ];
        for (inputs, outputs, kernel, groups, span_inputs) in cases {
            let shape = ConvShape {
                inputs,
                outputs,
                kernel,
                groups,
                stride: 1,
                padding: 0,
                arithmetic: Arithmetic::F32,
            };
            assert_eq!(Span::new(shape, TILES[0]).inputs, span_inputs, "{shape:?}");
            for tile in TILES {
                assert_packed(shape, tile);
            }
        }
    }

    /// Each output reads the weights of its group's inputs, and zero for every other input of its span.
    fn assert_packed(shape: ConvShape, tile: Tile) {
        let [outputs, group_inputs, ..] = shape.weight();
        let pixels = shape.kernel * shape.kernel;
        let total = outputs * group_inputs * pixels;
        let weight: Vec<f32> = (1..=total).map(|i| i as f32).collect();
        let packed = pack(&weight, shape, tile);
        let [_, inputs_padded, outputs_padded] = packed_shape(shape, tile);
        let span = Span::new(shape, tile);
        let mut nonzero = 0;
        for output in 0..outputs {
            let first = output / CHANNEL_BLOCK / channel_blocks(span.outputs)
                * channel_blocks(span.inputs)
                * CHANNEL_BLOCK;
            for line in 0..inputs_padded * pixels {
                let [pixel, input] = [line / inputs_padded, line % inputs_padded];
                let seen = first + input;
                let group = output / (outputs / shape.groups);
                let expected = if seen < shape.inputs && seen / group_inputs == group {
                    weight[(output * group_inputs + seen % group_inputs) * pixels + pixel]
                } else {
                    0.0
                };
                let found = packed[line * outputs_padded + output];
                assert_eq!(
                    found, expected,
                    "{shape:?}, {tile:?}, output {output}, input {seen}, pixel {pixel}"
                );
                nonzero += usize::from(found != 0.0);
            }
        }
        assert_eq!(nonzero, total, "{shape:?}, {tile:?}");
    }
}
