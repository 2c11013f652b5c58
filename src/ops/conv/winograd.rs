//! 3x3 convolutions of stride 1 with a fraction of the multiplications (Lavin and Gray 2015, "Fast algorithms for
//! convolutional neural networks", <https://arxiv.org/abs/1509.09308>).
//!
//! A tile of `M x M` outputs needs `(M + 2)^2` multiplications for each pair of channels instead of `9 M^2`: a quarter
//! for `M` = 4, less than a half for `M` = 2. The input tile and the kernel are transformed, multiplied point by point,
//! which over all channels is a matrix product for each of the points, and transformed back.
//!
//! The transformed weights are `(M + 2)^2 / 9` times as large, so maps of few tiles, where reading the weights is all
//! the time it takes, have `M` = 2.

use super::super::lanes::{LANES, Lanes};
use super::gemm::{Epilogue, PANEL, Rows, multiply};

/// Sides of the output tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tiling {
    /// F(2x2, 3x3)
    Two,
    /// F(4x4, 3x3)
    Four,
}

/// Numbers of transformed input and output that are in work at a time.
const BLOCK: usize = 1 << 18;
/// Tiles that are in work at least: fewer would read the weights too often.
const FEWEST_TILES: usize = 24;

impl Tiling {
    /// The side of an output tile.
    pub const fn outputs(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// The side of an input tile.
    pub const fn inputs(self) -> usize {
        self.outputs() + 2
    }

    /// A kernel's row or column, transformed: `G g`. As many numbers count as an input tile has.
    fn kernel(self, g: [f32; 3]) -> [f32; 6] {
        let [a, b, c] = g.map(f64::from);
        let transformed = match self {
            Self::Two => [a, (a + b + c) / 2.0, (a - b + c) / 2.0, c, 0.0, 0.0],
            Self::Four => [
                a / 4.0,
                -(a + b + c) / 6.0,
                -(a - b + c) / 6.0,
                a / 24.0 + b / 12.0 + c / 6.0,
                a / 24.0 - b / 12.0 + c / 6.0,
                c,
            ],
        };
        transformed.map(|value| value as f32)
    }
}

/// Packs a kernel `[out, in, 3, 3]`: for each point of the transformed tile a matrix `[in, out]` in panels, as
/// [`pack`](super::gemm::pack) has it.
pub fn pack_kernel(tiling: Tiling, weight: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let side = tiling.inputs();
    let points = side * side;
    let matrix = inputs * outputs.next_multiple_of(PANEL);
    // Each number goes to its place at once: these are the largest tensors of a network.
    let mut packed = vec![0.0; points * matrix];
    let (kernels, _) = weight.as_chunks::<9>();
    for (i, kernel) in kernels.iter().enumerate() {
        let (output, input) = (i / inputs, i % inputs);
        let place = (output / PANEL * inputs + input) * PANEL + output % PANEL;
        let columns = [0, 1, 2].map(|x| tiling.kernel([kernel[x], kernel[3 + x], kernel[6 + x]]));
        for y in 0..side {
            let row = tiling.kernel([columns[0][y], columns[1][y], columns[2][y]]);
            for (x, value) in row.into_iter().take(side).enumerate() {
                packed[(y * side + x) * matrix + place] = value;
            }
        }
    }
    packed
}

/// A map with room around it: `[height, width, channels]`, the first pixel one to the right of and below the corner.
#[derive(Debug, Clone, Copy)]
pub struct Padded<'a> {
    /// Row by row.
    pub data: &'a [f32],
    /// Pixels in a row, those around included.
    pub width: usize,
    /// Numbers of a pixel.
    pub channels: usize,
}

/// Convolves one map into `output`, `[height, width, channels]`. `scratch` is kept from call to call.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
pub fn convolve(
    tiling: Tiling,
    input: Padded<'_>,
    packed: &[f32],
    [height, width, channels]: [usize; 3],
    epilogue: &Epilogue<'_>,
    output: &mut [f32],
    scratch: &mut Scratch,
) {
    let side = tiling.inputs();
    let points = side * side;
    let across = width.div_ceil(tiling.outputs());
    let tiles = across * height.div_ceil(tiling.outputs());
    let per_tile = points * (input.channels + channels);
    let block = (BLOCK / per_tile).max(FEWEST_TILES).min(tiles);
    scratch.reserve(points * block * input.channels, points * block * channels);
    let matrix = packed.len() / points;
    let zeros = vec![0.0; channels.next_multiple_of(PANEL)];
    let plain = Epilogue {
        bias: &zeros,
        residual: None,
        relu: false,
    };
    let starts: Vec<_> = (0..block).map(|tile| tile * input.channels).collect();

    for first in (0..tiles).step_by(block) {
        let count = block.min(tiles - first);
        let plane = count * input.channels;
        for tile in 0..count {
            let (y, x) = ((first + tile) / across, (first + tile) % across);
            let corner = (y * input.width + x) * tiling.outputs() * input.channels;
            let to = &mut scratch.input[tile * input.channels..];
            match tiling {
                Tiling::Two => transform_input::<4>(input, corner, to, plane),
                Tiling::Four => transform_input::<6>(input, corner, to, plane),
            }
        }
        let out_plane = count * channels;
        for point in 0..points {
            let rows = Rows {
                data: &scratch.input[point * plane..(point + 1) * plane],
                run: input.channels,
                step: 0,
            };
            let weights = &packed[point * matrix..(point + 1) * matrix];
            let sums = &mut scratch.output[point * out_plane..(point + 1) * out_plane];
            multiply(rows, &starts[..count], weights, channels, &plain, sums);
        }
        for tile in 0..count {
            let (y, x) = ((first + tile) / across, (first + tile) % across);
            let place = Place {
                top: y * tiling.outputs(),
                left: x * tiling.outputs(),
                height,
                width,
                channels,
            };
            let from = &scratch.output[tile * channels..];
            match tiling {
                Tiling::Two => transform_output::<4, 2>(from, out_plane, place, epilogue, output),
                Tiling::Four => transform_output::<6, 4>(from, out_plane, place, epilogue, output),
            }
        }
    }
}

/// Room for the transformed tiles, kept so that runs after the first take none.
#[derive(Debug, Default)]
pub struct Scratch {
    input: Vec<f32>,
    output: Vec<f32>,
}

impl Scratch {
    fn reserve(&mut self, input: usize, output: usize) {
        for (room, needed) in [(&mut self.input, input), (&mut self.output, output)] {
            if room.len() < needed {
                room.resize(needed, 0.0);
            }
        }
    }
}

/// `B^T d B` of one tile, four channels at a time.
#[inline]
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn transform_input<const S: usize>(input: Padded<'_>, corner: usize, to: &mut [f32], plane: usize) {
    for channel in (0..input.channels).step_by(LANES) {
        let mut tile = [[Lanes::splat(0.0); S]; S];
        for (y, row) in tile.iter_mut().enumerate() {
            let line = corner + y * input.width * input.channels + channel;
            for (x, value) in row.iter_mut().enumerate() {
                *value = Lanes::load(&input.data[line + x * input.channels..]);
            }
            *row = input_row(*row);
        }
        for x in 0..S {
            let column: [Lanes; S] = input_row::<S>(core::array::from_fn(|y| tile[y][x]));
            for (y, value) in column.into_iter().enumerate() {
                value.store(&mut to[(y * S + x) * plane + channel..]);
            }
        }
    }
}

/// `B^T d`: the rows of the paper's matrices, written out.
#[inline]
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn input_row<const S: usize>(d: [Lanes; S]) -> [Lanes; S] {
    let times =
        |factor: f32, value: Lanes, plus: Lanes| plus.plus_product(Lanes::splat(factor), value);
    let mut t = d;
    if S == 4 {
        t[0] = d[0] - d[2];
        t[1] = d[1] + d[2];
        t[2] = d[2] - d[1];
        t[3] = d[1] - d[3];
    } else {
        let even = times(-4.0, d[2], d[4]);
        let odd = times(-4.0, d[1], d[3]);
        let far_even = d[4] - d[2];
        let far_odd = d[3] - d[1];
        t[0] = times(4.0, d[0], times(-5.0, d[2], d[4]));
        t[1] = even + odd;
        t[2] = even - odd;
        t[3] = times(2.0, far_odd, far_even);
        t[4] = times(-2.0, far_odd, far_even);
        t[5] = times(4.0, d[1], times(-5.0, d[3], d[5]));
    }
    t
}

/// `A^T m`: as many outputs as there are; the rest stay.
#[inline]
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn output_row<const S: usize, const M: usize>(m: [Lanes; S]) -> [Lanes; M] {
    let times =
        |factor: f32, value: Lanes, plus: Lanes| plus.plus_product(Lanes::splat(factor), value);
    let mut y = [m[0]; M];
    if S == 4 {
        y[0] = m[0] + m[1] + m[2];
        y[1] = m[1] - m[2] - m[3];
    } else {
        let (near_even, near_odd) = (m[1] + m[2], m[1] - m[2]);
        let (far_even, far_odd) = (m[3] + m[4], m[3] - m[4]);
        y[0] = m[0] + near_even + far_even;
        y[1] = times(2.0, far_odd, near_odd);
        y[2] = times(4.0, far_even, near_even);
        y[3] = times(8.0, far_odd, near_odd) + m[5];
    }
    y
}

/// Where a tile's outputs go.
#[derive(Clone, Copy)]
struct Place {
    top: usize,
    left: usize,
    height: usize,
    width: usize,
    channels: usize,
}

/// `A^T m A` of one tile, four channels at a time, and the epilogue. What lies beyond the map's edge is dropped.
#[inline]
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn transform_output<const S: usize, const M: usize>(
    from: &[f32],
    plane: usize,
    place: Place,
    epilogue: &Epilogue<'_>,
    output: &mut [f32],
) {
    let zero = Lanes::splat(0.0);
    for channel in (0..place.channels).step_by(LANES) {
        let mut half = [[zero; M]; S];
        for (y, half) in half.iter_mut().enumerate() {
            *half = output_row::<S, M>(core::array::from_fn(|x| {
                Lanes::load(&from[(y * S + x) * plane + channel..])
            }));
        }
        let bias = Lanes::load(&epilogue.bias[channel..]);
        let columns: [[Lanes; S]; M] =
            core::array::from_fn(|x| core::array::from_fn(|y| half[y][x]));
        let visible = columns.into_iter().take(place.width - place.left);
        for (x, column) in visible.enumerate() {
            let column: [Lanes; M] = output_row::<S, M>(column);
            let rows = column.into_iter().take(place.height - place.top);
            for (y, value) in rows.enumerate() {
                let pixel = (place.top + y) * place.width + place.left + x;
                let at = pixel * place.channels + channel;
                let mut value = value + bias;
                if let Some(residual) = epilogue.residual {
                    value = value + Lanes::load(&residual[at..]);
                }
                if epilogue.relu {
                    value = value.max(zero);
                }
                value.store(&mut output[at..]);
            }
        }
    }
}
