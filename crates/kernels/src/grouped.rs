//! Grouped convolutions: each group of output channels sees a group of input channels of its own (Xie et al. 2017,
//! "Aggregated residual transformations", <https://arxiv.org/abs/1611.05431>).
//!
//! A group has too few channels for the product of [`gemm`](crate::gemm): with four outputs every input that is loaded would
//! be multiplied once. So here an input is multiplied with a whole row of a 3x3 kernel: each step takes one channel of ten
//! adjacent pixels and three vectors of weights, and adds to the sums of eight pixels for four output channels. These fill
//! twelve SIMD registers.
//!
//! The work is divided into a few rows of a few groups. What such a part reads is copied first, with its border: four
//! channels of adjacent pixels lie together then, at distances that the compiler knows, and in eight bits each part has a
//! scale of its own. Kernels of another size, or with larger strides, are copied once for each of their pixels, and each
//! copy is multiplied as if the kernel were one pixel.

use std::cell::RefCell;
use std::ops::Range;

use crate::disjoint::DisjointSlice;
use crate::gemm::Epilogue;
use crate::map::{FeatureMap, Window};
use crate::quantise::{self, QuantParams};
use crate::simd::{F32x4, LANES};
use crate::threads;

/// Pixels in a tile.
const TILE: usize = 8;
/// Input channels of a part, at most, unless a single group has more: two cache lines of each pixel, which are fetched together.
const CHANNELS: usize = 32;
/// Numbers that a part copies, at most, unless a single row has more: with its outputs they fit the second-level cache.
const ROOM: usize = 1 << 15;

/// Weights of one input for four output channels, or of a word of four inputs in eight bits.
type Weights = [f32; LANES];

/// What a grouped convolution consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    /// Into how many groups both are divided.
    pub groups: usize,
    /// Kernel, stride and padding.
    pub window: Window,
}

impl Shape {
    /// Whether [`convolve_int8`] supports the shape: groups of whole words.
    pub const fn fits_int8(&self) -> bool {
        self.group()[0].is_multiple_of(quantise::WORD)
    }

    /// Channels in and out of one group.
    const fn group(&self) -> [usize; 2] {
        [self.inputs / self.groups, self.outputs / self.groups]
    }

    /// Vectors of four input channels of a group.
    const fn blocks(&self) -> usize {
        self.group()[0].div_ceil(LANES)
    }

    /// Vectors of output channels of all groups.
    const fn vectors(&self) -> usize {
        self.groups * self.group()[1].div_ceil(LANES)
    }

    /// Rows of the weights of one vector of output channels, where a pixel of a block takes so many steps.
    const fn depth(&self, steps: usize) -> usize {
        self.blocks() * steps * self.window.side * self.window.side
    }

    /// The same with what is behind them in eight bits.
    const fn whole_depth(&self, steps: usize) -> usize {
        self.depth(steps) + if steps == LANES { 0 } else { PER_CHANNEL }
    }

    /// How many numbers the packed weights take.
    const fn packed_size(&self, steps: usize) -> usize {
        self.vectors() * self.whole_depth(steps) * LANES
    }

    /// Whether a line of the map is copied once for all columns of the kernel, along which a tile slides.
    const fn slides(&self) -> bool {
        self.window.side == 3 && matches!(self.window.stride, 1 | 2)
    }

    /// How often the map is copied: once for each pixel of the kernel, unless the tiles slide.
    const fn planes(&self) -> usize {
        if self.slides() {
            1
        } else {
            self.window.side * self.window.side
        }
    }

    /// Lines of a copy for so many rows of outputs.
    const fn lines(&self, rows: usize) -> usize {
        if self.slides() {
            (rows - 1) * self.window.stride + self.window.side
        } else {
            rows
        }
    }

    /// For how many rows of outputs so many lines are enough; at least one.
    fn rows(&self, lines: usize) -> usize {
        if self.slides() {
            lines.saturating_sub(self.window.side) / self.window.stride + 1
        } else {
            (lines / self.planes()).max(1)
        }
    }
}

/// The number of a group's channels rounded up to whole vectors, as they are packed.
pub const fn padded(channels: usize) -> usize {
    channels.next_multiple_of(LANES)
}

/// Rows behind the weights of a vector in eight bits: the scale of each channel and the sum of its quantised weights.
const PER_CHANNEL: usize = 2;

/// Packs weights `[outputs, inputs / groups, side, side]`: for each vector of four output channels
/// `[block of four inputs][row of the kernel][input][column][4 channels]`, with zeros where a group has fewer.
///
/// # Panics
/// If there are fewer weights.
pub fn pack(weight: &[f32], shape: Shape) -> Vec<f32> {
    let mut packed = vec![0.0; shape.packed_size(LANES)];
    let (rows, _) = packed.as_chunks_mut::<LANES>();
    let depth = shape.depth(LANES);
    each_kernel(weight, shape, |vector, lane, kernel| {
        let rows = &mut rows[vector * depth..][..depth];
        let pixels = shape.window.side.pow(2);
        for (i, &value) in kernel.iter().enumerate() {
            let (input, pixel) = (i / pixels, i % pixels);
            rows[place(shape, input, pixel, LANES)][lane] = value;
        }
    });
    packed
}

/// Packs the same weights in eight bits: words of four inputs instead of each input, then the scale of each channel, then the
/// sum of its quantised weights.
///
/// # Panics
/// As [`pack`].
pub fn pack_int8(weight: &[f32], shape: Shape) -> Vec<f32> {
    let mut packed = vec![0.0; shape.packed_size(1)];
    let (rows, _) = packed.as_chunks_mut::<LANES>();
    let (depth, whole) = (shape.depth(1), shape.whole_depth(1));
    each_kernel(weight, shape, |vector, lane, kernel| {
        let rows = &mut rows[vector * whole..][..whole];
        let pixels = shape.window.side.pow(2);
        let scale = quantise::weight_scale(kernel);
        let mut sum = 0;
        for word in 0..shape.blocks() {
            for pixel in 0..pixels {
                let (bytes, of_bytes) = quantise::weight_word(kernel, scale, [word, pixel, pixels]);
                sum += of_bytes;
                rows[place(shape, word * LANES, pixel, 1)][lane] = bytes;
            }
        }
        rows[depth][lane] = scale;
        rows[depth + 1][lane] = sum as f32;
    });
    packed
}

/// Calls `work` with the vector, the lane and the weights of each output channel.
fn each_kernel(weight: &[f32], shape: Shape, mut work: impl FnMut(usize, usize, &[f32])) {
    let [inputs, outputs] = shape.group();
    let volume = inputs * shape.window.side.pow(2);
    for channel in 0..shape.outputs {
        let (group, channel_of_group) = (channel / outputs, channel % outputs);
        let vector = group * outputs.div_ceil(LANES) + channel_of_group / LANES;
        let kernel = &weight[channel * volume..][..volume];
        work(vector, channel_of_group % LANES, kernel);
    }
}

/// The row of an input's weights for a pixel of the kernel, where a pixel of a block takes so many `steps`.
fn place(shape: Shape, input: usize, pixel: usize, steps: usize) -> usize {
    let side = shape.window.side;
    let (block, step) = (input / LANES, input % LANES);
    if shape.slides() {
        ((block * side + pixel / side) * steps + step) * side + pixel % side
    } else {
        (block * side * side + pixel) * steps + step
    }
}

/// Convolves one map with zero padding into `output`, `[height, width, channels]`, on all threads. `packed` is what [`pack`]
/// returns for the weights.
///
/// ```
/// use resnet_web_kernels::gemm::Epilogue;
/// use resnet_web_kernels::grouped::{Shape, convolve, pack};
/// use resnet_web_kernels::packing::padded;
/// use resnet_web_kernels::{FeatureMap, Window};
///
/// // Two groups of one channel, a 1x1 kernel: each channel times a number of its own.
/// let window = Window { side: 1, stride: 1, padding: 0 };
/// let shape = Shape { inputs: 2, outputs: 2, groups: 2, window };
/// let map = FeatureMap::new(&[1.0, 2.0, 3.0, 4.0], [1, 2, 2]);
/// let epilogue = Epilogue { bias: &vec![0.0; padded(2)], residual: None, relu: false };
/// let mut output = [0.0; 4];
/// convolve(map, shape, &pack(&[10.0, 100.0], shape), epilogue, &mut output);
/// assert_eq!(output, [10.0, 200.0, 30.0, 400.0]);
/// ```
///
/// # Panics
/// If the map has other channels, the output or the weights have another size, or bias or residual are too short.
pub fn convolve(
    map: FeatureMap<'_>,
    shape: Shape,
    packed: &[f32],
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) {
    compute(map, shape, packed, LANES, epilogue, output);
}

/// The same in eight bits. `packed` is what [`pack_int8`] returns for the weights.
///
/// # Panics
/// As [`convolve`], and if the shape does not [fit](Shape::fits_int8).
pub fn convolve_int8(
    map: FeatureMap<'_>,
    shape: Shape,
    packed: &[f32],
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) {
    assert!(shape.fits_int8(), "groups are no multiple of 4 channels");
    compute(map, shape, packed, 1, epilogue, output);
}

/// Computes it with so many [`steps`](Work::steps).
fn compute(
    map: FeatureMap<'_>,
    shape: Shape,
    packed: &[f32],
    steps: usize,
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) {
    let Shape {
        outputs, groups, ..
    } = shape;
    assert!(
        map.channels == shape.inputs
            && shape.inputs.is_multiple_of(groups)
            && outputs.is_multiple_of(groups),
        "the map has other channels"
    );
    assert!(
        packed.len() == shape.packed_size(steps),
        "the weights have another size"
    );
    let [height, width] = [map.height, map.width].map(|side| shape.window.count(side));
    let size = (height * width).checked_mul(outputs);
    assert!(size == Some(output.len()), "the output has another size");
    let work = Work {
        map,
        shape,
        packed: packed.as_chunks().0,
        steps,
        epilogue,
        output: DisjointSlice::new(output),
        width,
    };
    let groups_of_part = (CHANNELS / shape.group()[0]).clamp(1, groups);
    let line = groups_of_part * shape.blocks() * work.line() * LANES;
    let most = shape.rows(ROOM / line);
    let rows = height.div_ceil(height.div_ceil(most));
    let bands = height.div_ceil(rows);
    threads::each(0..groups.div_ceil(groups_of_part) * bands, |part| {
        let [group, row] = [part / bands * groups_of_part, part % bands * rows];
        let groups = group..(group + groups_of_part).min(groups);
        let rows = row..(row + rows).min(height);
        // SAFETY: no two parts share a row of a group, and the output is borrowed by this call alone.
        #[allow(unsafe_code)]
        unsafe {
            work.compute(groups, rows);
        }
    });
}

/// A convolution under way.
struct Work<'a> {
    map: FeatureMap<'a>,
    shape: Shape,
    packed: &'a [Weights],
    /// For a pixel of four channels: one for each of them, or one for the word of them.
    steps: usize,
    epilogue: Epilogue<'a>,
    output: DisjointSlice<'a>,
    /// Of the output.
    width: usize,
}

/// What a part reads: `[group][block of four channels][plane][line][pixel]`, where a pixel has a number for each step.
#[derive(Clone, Copy)]
struct Copied<'a> {
    data: &'a [f32],
    /// Numbers from one plane to the next.
    plane: usize,
    /// From one line to the next.
    line: usize,
    /// How it is quantised.
    params: QuantParams,
}

/// Buffers that are kept from call to call.
#[derive(Default)]
struct Scratch {
    copied: Vec<f32>,
    words: Vec<f32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Work<'_> {
    /// Pixels of a copied line: for whole tiles, in whole vectors of words.
    fn line(&self) -> usize {
        let outputs = self.width.next_multiple_of(TILE);
        let pixels = if self.shape.slides() {
            (outputs - 1) * self.shape.window.stride + self.shape.window.side
        } else {
            outputs
        };
        pixels.next_multiple_of(LANES)
    }

    /// Computes some rows of some groups. Others may be computed at the same time.
    ///
    /// # Safety
    /// Until it returns, nothing else reads or writes the channels of these groups in these rows of the output.
    #[allow(unsafe_code)]
    unsafe fn compute(&self, groups: Range<usize>, rows: Range<usize>) {
        SCRATCH.with_borrow_mut(|Scratch { copied, words }| {
            self.copy(groups.clone(), rows.clone(), copied);
            let (data, params) = if self.steps == LANES {
                (&*copied, QuantParams::default())
            } else {
                let params = quantise::all(copied, words);
                (&*words, params)
            };
            let lines = self.shape.lines(rows.len());
            let line = self.line() * self.steps;
            let copied = Copied {
                data,
                plane: lines * line,
                line,
                params,
            };
            // SAFETY: the function has the same contract as this one.
            unsafe { self.multiply(copied, groups, rows) }
        });
    }

    /// Copies what some rows of some groups read, four channels for each pixel, with zeros for those that a group or the map
    /// does not have.
    fn copy(&self, groups: Range<usize>, rows: Range<usize>, to: &mut Vec<f32>) {
        let Shape { window, .. } = self.shape;
        let [inputs, _] = self.shape.group();
        let slides = self.shape.slides();
        let (lines, planes) = (self.shape.lines(rows.len()), self.shape.planes());
        let line = self.line();
        let block = planes * lines * line;
        // The buffer may hold anything: all of it is written.
        to.resize(groups.len() * self.shape.blocks() * block * LANES, 0.0);
        let (to, _) = to.as_chunks_mut::<LANES>();
        let channels = groups.start * inputs..groups.end * inputs;
        // Channels of which only the last may not fill a block.
        let together = if inputs.is_multiple_of(LANES) {
            channels.len()
        } else {
            inputs
        };
        for at in 0..planes * lines {
            let (plane, i) = (at / lines, at % lines);
            // The line's first pixel, counted from the corner of the padding, and the distance to the next one.
            let ([y, x], step) = if slides {
                ([rows.start * window.stride + i, 0], 1)
            } else {
                let top = (rows.start + i) * window.stride;
                let [y, x] = [plane / window.side, plane % window.side];
                ([top + y, x], window.stride)
            };
            let row = y.checked_sub(window.padding);
            let row = row.filter(|&row| row < self.map.height);
            let before = window.padding.saturating_sub(x).div_ceil(step).min(line);
            let first = (x + before * step).saturating_sub(window.padding);
            let count = self.map.width.saturating_sub(first).div_ceil(step);
            let count = row.map_or(0, |_| count.min(line - before));
            let row = row.map_or(&[][..], |row| self.map.row(row));
            let at = at * line;
            for block in to.chunks_exact_mut(block) {
                let line = &mut block[at..at + line];
                line[..before].fill([0.0; LANES]);
                line[before + count..].fill([0.0; LANES]);
            }
            for i in 0..count {
                let from = &row[(first + i * step) * self.map.channels..][channels.clone()];
                let mut place = at + before + i;
                for from in from.chunks_exact(together) {
                    let (whole, rest) = from.as_chunks();
                    for &from in whole {
                        to[place] = from;
                        place += block;
                    }
                    if !rest.is_empty() {
                        to[place] = [0.0; LANES];
                        to[place][..rest.len()].copy_from_slice(rest);
                        place += block;
                    }
                }
            }
        }
    }

    /// Computes some rows of some groups from what they read.
    ///
    /// # Safety
    /// As for [`compute`](Self::compute).
    #[allow(unsafe_code)]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    unsafe fn multiply(&self, copied: Copied<'_>, groups: Range<usize>, rows: Range<usize>) {
        let shape = self.shape;
        let [_, outputs] = shape.group();
        let vectors = outputs.div_ceil(LANES);
        let [depth, whole] = [shape.depth(self.steps), shape.whole_depth(self.steps)];
        let stride = if shape.slides() {
            shape.window.stride
        } else {
            1
        };
        let group_size = shape.blocks() * shape.planes() * copied.plane;
        for (i, row) in rows.enumerate() {
            for left in (0..self.width).step_by(TILE) {
                let place = (row * self.width + left) * shape.outputs;
                let count = TILE.min(self.width - left);
                let mut start = stride * (i * copied.line + left * self.steps);
                for group in groups.clone() {
                    for vector in 0..vectors {
                        let weights = &self.packed[(group * vectors + vector) * whole..][..whole];
                        let (weights, per_channel) = weights.split_at(depth);
                        let sums = self.sums(copied, start, weights);
                        let first = vector * LANES;
                        let channel = group * outputs + first;
                        let channels = channel..channel + LANES.min(outputs - first);
                        // SAFETY: these are channels of a group in one of the rows, which the caller promises are not shared.
                        unsafe {
                            self.store(sums, copied.params, per_channel, place, channels, count)
                        }
                    }
                    start += group_size;
                }
            }
        }
    }

    /// The sums of a tile for four output channels.
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    fn sums(&self, copied: Copied<'_>, start: usize, weights: &[Weights]) -> [F32x4; TILE] {
        match (self.steps, self.shape.slides(), self.shape.window.stride) {
            (LANES, true, 1) => tile::<3, 1, LANES>(copied, start, weights),
            (LANES, true, _) => tile::<3, 2, LANES>(copied, start, weights),
            (LANES, false, _) => tile::<1, 1, LANES>(copied, start, weights),
            (_, true, 1) => tile::<3, 1, 1>(copied, start, weights),
            (_, true, _) => tile::<3, 2, 1>(copied, start, weights),
            (_, false, _) => tile::<1, 1, 1>(copied, start, weights),
        }
    }

    /// Applies the epilogue to the sums of a tile and stores them: some adjacent `channels` of `count` pixels, the first of
    /// which is at `place` in the output.
    ///
    /// # Safety
    /// Until it returns, nothing else reads or writes these channels of these pixels of the output.
    #[allow(unsafe_code)]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    unsafe fn store(
        &self,
        sums: [F32x4; TILE],
        params: QuantParams,
        per_channel: &[Weights],
        place: usize,
        channels: Range<usize>,
        count: usize,
    ) {
        // Copied first: otherwise the compiler reads them again after each store through a pointer.
        let Self {
            shape,
            epilogue,
            output,
            ..
        } = *self;
        let zero = F32x4::splat(0.0);
        let lanes = channels.len();
        let load = |from: &[f32]| {
            let mut whole = [0.0; LANES];
            if lanes == LANES {
                return F32x4::load(from);
            }
            whole[..lanes].copy_from_slice(&from[..lanes]);
            F32x4::load(&whole)
        };
        let bias = load(&epilogue.bias[channels.clone()]);
        let per_channel = match per_channel {
            [scales, weights] => Some((F32x4::load(scales), F32x4::load(weights))),
            _ => None,
        };
        let mut sums = sums.map(|sum| match per_channel {
            Some((scales, weights)) => params.dequantise(sum, weights, scales, bias),
            None => sum + bias,
        });
        let places = (0..count).map(|n| place + n * shape.outputs + channels.start);
        if let Some(residual) = epilogue.residual {
            for (sum, at) in sums.iter_mut().zip(places.clone()) {
                *sum = *sum + load(&residual[at..]);
            }
        }
        if epilogue.relu {
            sums = sums.map(|sum| sum.pmax(zero));
        }
        for (sum, at) in sums.into_iter().zip(places) {
            // SAFETY: the range is these channels of one of the pixels, which the caller promises are not shared.
            let output = unsafe { output.range(at, lanes) };
            if lanes == LANES {
                sum.store(output);
            } else {
                let mut whole = [0.0; LANES];
                sum.store(&mut whole);
                output.copy_from_slice(&whole[..lanes]);
            }
        }
    }
}

/// The sums of the pixels of a tile for four output channels, whose first input is at `start`: of kernels with so many rows
/// and columns for each plane.
///
/// Never inlined: browsers optimise a hot function when it has run for a while, and a large one late.
#[inline(never)]
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn tile<const SIDE: usize, const STRIDE: usize, const STEPS: usize>(
    copied: Copied<'_>,
    start: usize,
    weights: &[Weights],
) -> [F32x4; TILE] {
    let inputs = (TILE - 1) * STRIDE + SIDE;
    let mut sums = [F32x4::splat(0.0); TILE];
    let (steps, _) = weights.as_chunks::<SIDE>();
    let (rows, _) = steps.as_chunks::<STEPS>();
    let (planes, _) = rows.as_chunks::<SIDE>();
    for (plane, rows) in planes.iter().enumerate() {
        for (row, steps) in rows.iter().enumerate() {
            let at = start + plane * copied.plane + row * copied.line;
            for (step, weights) in steps.iter().enumerate() {
                let line = &copied.data[at + step..][..(inputs - 1) * STEPS + 1];
                let weights: [F32x4; SIDE] = core::array::from_fn(|i| F32x4::load(&weights[i]));
                // Neighbours share inputs, which the compiler then loads once.
                for (n, sum) in sums.iter_mut().enumerate() {
                    for (i, &weights) in weights.iter().enumerate() {
                        let input = F32x4::splat(line[(n * STRIDE + i) * STEPS]);
                        *sum = if STEPS == 1 {
                            sum.add_dots(input, weights)
                        } else {
                            sum.add_product(input, weights)
                        };
                    }
                }
            }
        }
    }
    sums
}
