//! Winograd's convolution: 3x3 kernels of stride 1 with a fraction of the multiplications (Lavin and Gray 2015, "Fast
//! algorithms for convolutional neural networks", <https://arxiv.org/abs/1509.09308>).
//!
//! A tile of `M x M` outputs takes `(M + 2)^2` multiplications for each pair of channels instead of `9 M^2`: a quarter for
//! `M` = 4, less than half for `M` = 2. Input tile and kernel are transformed, multiplied point by point, which over all
//! channels is one matrix product for each point, and the result is transformed back.
//!
//! The transformed weights are `(M + 2)^2 / 9` times as large. With few tiles reading the weights takes most of the time,
//! so small maps have `M` = 2.

use std::cell::RefCell;
use std::ops::Range;

use crate::disjoint::DisjointSlice;
use crate::gemm::{Epilogue, Product, Rows, TILE};
use crate::map::FeatureMap;
use crate::packing::PANEL;
use crate::simd::{F32x4, LANES};
use crate::threads;

/// The size of the output tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tiling {
    /// F(2x2, 3x3): 16 multiplications for 4 outputs.
    Two,
    /// F(4x4, 3x3): 36 multiplications for 16 outputs.
    Four,
}

/// How many transformed inputs and outputs are processed at a time.
const BLOCK: usize = 1 << 18;
/// The fewest tiles that are processed at a time: with fewer the weights would be read too often.
const FEWEST_TILES: usize = 24;
/// How many blocks each thread gets on average, where threads have blocks of their own.
const BLOCKS_PER_THREAD: usize = 4;
/// How many parts of a transform each thread gets on average.
const TILE_PARTS_PER_THREAD: usize = 2;

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

    /// A kernel's row or column transformed: `G g`. Only the first [`inputs`](Self::inputs) numbers are used.
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

/// Transforms and packs weights `[outputs, inputs, 3, 3]`: for each point of the transformed tile a matrix `[inputs, outputs]`
/// in panels, as [`packing::pack`](crate::packing::pack) returns it.
pub fn pack_kernel(tiling: Tiling, weight: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let side = tiling.inputs();
    let points = side * side;
    let matrix = inputs * outputs.next_multiple_of(PANEL);
    // Each number is written to its final place, without a copy in between: these are a network's largest tensors.
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

/// Whether [`convolve`] supports these numbers of channels.
pub const fn fits(inputs: usize, outputs: usize) -> bool {
    inputs.is_multiple_of(LANES) && outputs.is_multiple_of(PANEL)
}

/// Convolves one map with a border of one zero into `output`, `[height, width, channels]`, on all threads. `packed` is what
/// [`pack_kernel`] returns for the weights.
///
/// ```
/// use resnet_web_kernels::gemm::Epilogue;
/// use resnet_web_kernels::winograd::{Tiling, convolve, pack_kernel};
/// use resnet_web_kernels::FeatureMap;
///
/// // Kernels that copy the first input channel to each of eight output channels.
/// let mut kernels = vec![0.0; 8 * 4 * 9];
/// for kernel in kernels.chunks_exact_mut(4 * 9) {
///     kernel[4] = 1.0;
/// }
/// let packed = pack_kernel(Tiling::Two, &kernels, 4, 8);
/// let map = FeatureMap::new(&[5.0, 6.0, 7.0, 8.0], [1, 1, 4]);
/// let epilogue = Epilogue { bias: &[0.0; 8], residual: None, relu: true };
/// let mut output = [0.0; 8];
/// convolve(Tiling::Two, map, &packed, 8, epilogue, &mut output);
/// assert_eq!(output, [5.0; 8]);
/// ```
///
/// # Panics
/// If the output or the weights have another size, the channels are no multiple of four, or bias or residual are too short.
pub fn convolve(
    tiling: Tiling,
    input: FeatureMap<'_>,
    packed: &[f32],
    channels: usize,
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) {
    let size = (input.height * input.width).checked_mul(channels);
    assert!(size == Some(output.len()), "the output has another size");
    assert!(
        input.channels.is_multiple_of(LANES) && channels.is_multiple_of(LANES),
        "channels are no multiple of 4"
    );
    let side = tiling.inputs();
    let matrix = input.channels * channels.next_multiple_of(PANEL);
    assert!(
        packed.len() == side * side * matrix,
        "the weights have another size"
    );
    let across = input.width.div_ceil(tiling.outputs());
    let tiles = across * input.height.div_ceil(tiling.outputs());
    let work = Work {
        tiling,
        input,
        packed,
        channels,
        epilogue,
        output: DisjointSlice::new(output),
        across,
    };
    let per_tile = side * side * (input.channels + channels);
    let most = (BLOCK / per_tile).max(FEWEST_TILES);
    let count = threads::count();
    // If the weights are smaller than the tiles, each thread reads all of them for blocks of its own, which stay in its
    // cache. Otherwise the threads share each block, and each reads a part of the weights.
    let apart = count > 1 && packed.len() < tiles * per_tile;
    let size = if apart {
        let share = tiles / (BLOCKS_PER_THREAD * count);
        most.min(share - share % TILE).max(TILE)
    } else {
        tiles.div_ceil(tiles.div_ceil(most)).next_multiple_of(TILE)
    };
    let block = |i: usize| {
        // SAFETY: no two blocks share a tile, and the output is borrowed by this call alone.
        #[allow(unsafe_code)]
        unsafe {
            work.compute(i * size..((i + 1) * size).min(tiles));
        }
    };
    let blocks = 0..tiles.div_ceil(size);
    if apart {
        threads::each(blocks, block);
    } else {
        blocks.for_each(block);
    }
}

/// A convolution under way.
struct Work<'a> {
    tiling: Tiling,
    input: FeatureMap<'a>,
    packed: &'a [f32],
    channels: usize,
    epilogue: Epilogue<'a>,
    output: DisjointSlice<'a>,
    /// How many tiles there are in a row.
    across: usize,
}

impl Work<'_> {
    /// Computes the outputs of some tiles. Other tiles may be computed at the same time.
    ///
    /// # Safety
    /// Until it returns, nothing else reads or writes the outputs of these tiles.
    #[allow(unsafe_code)]
    unsafe fn compute(&self, tiles: Range<usize>) {
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.reserve(self.tiling, tiles.len(), self.input.channels, self.channels);
            let plane = tiles.len() * self.input.channels;
            let transformed = DisjointSlice::new(&mut scratch.input);
            self.each_tile(&tiles, |tile, place| {
                // SAFETY: each tile has a place of its own in a buffer that belongs to this call.
                unsafe {
                    match self.tiling {
                        Tiling::Two => self.transform_input::<4>(tile, place, transformed, plane),
                        Tiling::Four => self.transform_input::<6>(tile, place, transformed, plane),
                    }
                }
            });
            self.multiply(tiles.len(), scratch);
            let plane = tiles.len() * self.channels;
            let sums = scratch.output.as_slice();
            self.each_tile(&tiles, |tile, place| {
                let sums = &sums[place * self.channels..];
                // SAFETY: tiles do not overlap, and the caller promises that these are not shared.
                unsafe {
                    match self.tiling {
                        Tiling::Two => self.transform_output::<4, 2>(tile, sums, plane),
                        Tiling::Four => self.transform_output::<6, 4>(tile, sums, plane),
                    }
                }
            });
        });
    }

    /// Calls `work` with each tile and its place among them, on all threads.
    fn each_tile(&self, tiles: &Range<usize>, work: impl Fn(usize, usize) + Sync) {
        let size = match threads::count() {
            1 => tiles.len(),
            count => tiles.len().div_ceil(TILE_PARTS_PER_THREAD * count),
        };
        threads::each(tiles.clone().step_by(size), |first| {
            for tile in first..(first + size).min(tiles.end) {
                work(tile, tile - tiles.start);
            }
        });
    }

    /// The products of every point for `count` tiles.
    fn multiply(&self, count: usize, scratch: &mut Scratch) {
        let points = self.tiling.inputs().pow(2);
        let matrix = self.packed.len() / points;
        let [plane, out_plane] = [self.input.channels, self.channels].map(|each| count * each);
        let sums = DisjointSlice::new(&mut scratch.output);
        let product = |point: usize| Product {
            rows: Rows {
                data: &scratch.input[point * plane..(point + 1) * plane],
                run: self.input.channels,
                step: 0,
            },
            starts: &scratch.starts[..count],
            packed: &self.packed[point * matrix..(point + 1) * matrix],
            channels: self.channels,
            epilogue: Epilogue {
                bias: &scratch.zeros,
                residual: None,
                relu: false,
            },
            quantised: None,
        };
        let groups = product(0).groups();
        threads::each(0..points * groups, |part| {
            let point = part / groups;
            let output = sums.part(point * out_plane, out_plane);
            // SAFETY: each part is one group of channels of one point's sums, which are a range of their own in a buffer
            // that belongs to this call. `convolve` has checked that the weights are whole panels.
            #[allow(unsafe_code)]
            unsafe {
                product(point).compute_part(output, part % groups, 0..count);
            }
        });
    }

    /// `B^T d B` of one tile, four channels at a time.
    ///
    /// # Safety
    /// Until it returns, nothing else reads or writes this place in any of the planes of `to`. The input channels are a
    /// multiple of [`LANES`].
    #[allow(unsafe_code)]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    unsafe fn transform_input<const S: usize>(
        &self,
        tile: usize,
        place: usize,
        to: DisjointSlice<'_>,
        plane: usize,
    ) {
        let FeatureMap { height, width, .. } = self.input;
        let [top, left] = [tile / self.across, tile % self.across].map(|at| at * (S - 2));
        let whole = (1..=height - 1).contains(&top)
            && (1..=width - 1).contains(&left)
            && top + S - 1 <= height
            && left + S - 1 <= width;
        // SAFETY: the functions have the same contract as this one.
        unsafe {
            if whole {
                self.transform_tile::<S, true>([top, left], place, to, plane);
            } else {
                self.transform_tile::<S, false>([top, left], place, to, plane);
            }
        }
    }

    /// As [`transform_input`](Self::transform_input), for a tile that does not reach beyond the map if `WHOLE`. The first
    /// output is at `top` and `left`, so the first input is one above and to the left of it.
    ///
    /// # Safety
    /// As for [`transform_input`](Self::transform_input).
    #[allow(unsafe_code)]
    #[inline]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    unsafe fn transform_tile<const S: usize, const WHOLE: bool>(
        &self,
        [top, left]: [usize; 2],
        place: usize,
        to: DisjointSlice<'_>,
        plane: usize,
    ) {
        let FeatureMap {
            data,
            height,
            width,
            channels,
        } = self.input;
        for channel in (0..channels).step_by(LANES) {
            let mut tile = [[F32x4::splat(0.0); S]; S];
            for (y, row) in tile.iter_mut().enumerate() {
                if !WHOLE && !(1..=height).contains(&(top + y)) {
                    continue;
                }
                for (x, value) in row.iter_mut().enumerate() {
                    if WHOLE || (1..=width).contains(&(left + x)) {
                        let pixel = (top + y - 1) * width + left + x - 1;
                        *value = F32x4::load(&data[pixel * channels + channel..]);
                    }
                }
                *row = input_row(*row);
            }
            let columns: [[F32x4; S]; S] =
                core::array::from_fn(|x| core::array::from_fn(|y| tile[y][x]));
            for (x, column) in columns.into_iter().enumerate() {
                let column = input_row(column);
                for (y, value) in column.into_iter().enumerate() {
                    let at = (y * S + x) * plane + place * channels + channel;
                    // SAFETY: the range lies within the place, because the channels are a multiple of its length. The
                    // caller promises that the place is not shared.
                    value.store(unsafe { to.range(at, LANES) });
                }
            }
        }
    }

    /// `A^T m A` of one tile, four channels at a time, and the epilogue. Outputs beyond the map's edge are dropped.
    ///
    /// # Safety
    /// Until it returns, nothing else reads or writes the tile's pixels of the output. The output channels are a multiple of
    /// [`LANES`].
    #[allow(unsafe_code)]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    unsafe fn transform_output<const S: usize, const M: usize>(
        &self,
        tile: usize,
        from: &[f32],
        plane: usize,
    ) {
        let FeatureMap { height, width, .. } = self.input;
        // Copied first: otherwise the compiler reads them again after each store through a pointer.
        let Self {
            channels,
            epilogue,
            output,
            ..
        } = *self;
        let [top, left] = [tile / self.across, tile % self.across].map(|at| at * M);
        let zero = F32x4::splat(0.0);
        for channel in (0..channels).step_by(LANES) {
            let mut half = [[zero; M]; S];
            for (y, half) in half.iter_mut().enumerate() {
                *half = output_row::<S, M>(core::array::from_fn(|x| {
                    F32x4::load(&from[(y * S + x) * plane + channel..])
                }));
            }
            let bias = F32x4::load(&epilogue.bias[channel..]);
            let columns: [[F32x4; S]; M] =
                core::array::from_fn(|x| core::array::from_fn(|y| half[y][x]));
            let visible = columns.into_iter().take(width - left);
            for (x, column) in visible.enumerate() {
                let column: [F32x4; M] = output_row::<S, M>(column);
                let rows = column.into_iter().take(height - top);
                for (y, value) in rows.enumerate() {
                    let pixel = (top + y) * width + left + x;
                    let at = pixel * channels + channel;
                    let mut value = value + bias;
                    if let Some(residual) = epilogue.residual {
                        value = value + F32x4::load(&residual[at..]);
                    }
                    if epilogue.relu {
                        value = value.pmax(zero);
                    }
                    // SAFETY: the range lies within a pixel of the tile, because the channels are a multiple of its length.
                    // The caller promises that the pixel is not shared.
                    value.store(unsafe { output.range(at, LANES) });
                }
            }
        }
    }
}

/// Buffers for the transformed tiles, kept from call to call.
#[derive(Default)]
struct Scratch {
    input: Vec<f32>,
    output: Vec<f32>,
    /// Where each tile's channels begin.
    starts: Vec<usize>,
    /// The bias of the products: the epilogue comes after the output transform.
    zeros: Vec<f32>,
}

impl Scratch {
    fn reserve(&mut self, tiling: Tiling, tiles: usize, inputs: usize, outputs: usize) {
        let points = tiling.inputs().pow(2);
        let room = |room: &mut Vec<f32>, needed| {
            if room.len() < needed {
                room.resize(needed, 0.0);
            }
        };
        room(&mut self.input, points * tiles * inputs);
        room(&mut self.output, points * tiles * outputs);
        room(&mut self.zeros, outputs.next_multiple_of(PANEL));
        self.starts.clear();
        self.starts.extend((0..tiles).map(|tile| tile * inputs));
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// `B^T d`, the rows of the paper's matrices written out.
#[inline]
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn input_row<const S: usize>(d: [F32x4; S]) -> [F32x4; S] {
    let times =
        |factor: f32, value: F32x4, plus: F32x4| plus.add_product(F32x4::splat(factor), value);
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

/// `A^T m`
#[inline]
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn output_row<const S: usize, const M: usize>(m: [F32x4; S]) -> [F32x4; M] {
    let times =
        |factor: f32, value: F32x4, plus: F32x4| plus.add_product(F32x4::splat(factor), value);
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
