//! The matrix product: rows of input times packed weights. Every convolution but Winograd's is one.
//!
//! Maps are NHWC, so the numbers that one row of a kernel reads are adjacent. A convolution is then a matrix product whose
//! left side is read in place: each output pixel has one run of `kernel width x channels` numbers for every row of the
//! kernel. Nothing is copied together first (no im2col).
//!
//! Weights are packed in panels of eight output channels. As many panels as fit the second-level cache are multiplied with
//! one tile of six pixels after the other, whose inputs stay in the first-level cache. Twelve accumulators, two weights and
//! one input fill the fifteen SIMD registers that a browser leaves.

use std::ops::Range;

use crate::disjoint::DisjointSlice;
use crate::packing::PANEL;
use crate::quantise::Quantised;
use crate::simd::{F32x4, LANES};
use crate::threads;

/// Pixels in a tile. Without fused multiply-add the product takes up a register.
pub(crate) const TILE: usize = if cfg!(all(target_arch = "wasm32", not(feature = "relaxed-simd"))) {
    5
} else {
    6
};
/// Weights that are read once for each tile: what fits the second-level cache.
const GROUP: usize = 1 << 15;

/// How many parts of a product each thread gets on average.
const PARTS_PER_THREAD: usize = 4;

/// One row of a panel: the weights of one input for eight output channels.
type Weights = [f32; PANEL];

/// Where the inputs of an output pixel are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// The input map.
    pub data: &'a [f32],
    /// How many inputs are adjacent: the kernel's width times the input channels.
    pub run: usize,
    /// From one row of the kernel to the next.
    pub step: usize,
}

/// What is done to the sums before they are stored: bias, residual, ReLU.
#[derive(Debug, Clone, Copy)]
pub struct Epilogue<'a> {
    /// One number for each output channel, padded to whole panels.
    pub bias: &'a [f32],
    /// A tensor of the output's shape that is added to it.
    pub residual: Option<&'a [f32]>,
    /// Whether negative outputs become zero.
    pub relu: bool,
}

/// `output[pixel][channel] = epilogue(sum of rows(pixel) * weights)`
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product<'a> {
    /// The inputs.
    pub rows: Rows<'a>,
    /// Where each pixel's first run begins in the input.
    pub starts: &'a [usize],
    /// Weights in panels, as [`pack`](crate::packing::pack) returns them.
    pub packed: &'a [f32],
    /// Output channels.
    pub channels: usize,
    /// What is done to the sums.
    pub epilogue: Epilogue<'a>,
    /// For a product of words of four bytes: what dequantises it.
    pub quantised: Option<Quantised<'a>>,
}

/// A linear layer: `output[n] = features[n] * weights + bias`, and ReLU of that, on all threads.
///
/// `features` is `[batch, inputs]`, `packed` is what [`pack`](crate::packing::pack) returns for weights `[outputs, inputs]`,
/// `bias` has one number for each output and `output` is `[batch, outputs]`.
///
/// ```
/// use resnet_web_kernels::{gemm, packing};
///
/// let packed = packing::pack(&[1.0, 2.0, 3.0, 4.0], 2, 2);
/// let mut output = [0.0; 2];
/// gemm::linear(&[10.0, 1.0], 2, &packed, &[0.5, 0.0], false, &mut output);
/// assert_eq!(output, [12.5, 34.0]);
/// ```
///
/// The output is borrowed for as long as the threads write it, so that no two calls write the same one at once:
///
/// ```compile_fail,E0499
/// # use resnet_web_kernels::gemm;
/// fn twice(packed: &[f32], output: &mut [f32]) {
///     std::thread::scope(|scope| {
///         scope.spawn(|| gemm::linear(&[1.0], 1, packed, &[0.0], false, output));
///         scope.spawn(|| gemm::linear(&[1.0], 1, packed, &[0.0], false, output));
///     });
/// }
/// ```
///
/// # Panics
/// If the output or the weights have another size.
pub fn linear(
    features: &[f32],
    inputs: usize,
    packed: &[f32],
    bias: &[f32],
    relu: bool,
    output: &mut [f32],
) {
    let outputs = bias.len();
    let starts: Vec<_> = (0..features.len() / inputs).map(|n| n * inputs).collect();
    let mut padded = bias.to_vec();
    padded.resize(outputs.next_multiple_of(PANEL), 0.0);
    let product = Product {
        rows: Rows {
            data: features,
            run: inputs,
            step: 0,
        },
        starts: &starts,
        packed,
        channels: outputs,
        epilogue: Epilogue {
            bias: &padded,
            residual: None,
            relu,
        },
        quantised: None,
    };
    product.compute(output);
}

impl Product<'_> {
    /// Computes it into `output`, `[pixels, channels]`, on all threads.
    ///
    /// # Panics
    /// If the output has another size, the weights are no whole panels, rows reach beyond the input, or bias or residual are
    /// too short.
    pub fn compute(&self, output: &mut [f32]) {
        let size = self.starts.len().checked_mul(self.channels);
        assert!(size == Some(output.len()), "the output has another size");
        let padded = self.channels.next_multiple_of(PANEL);
        assert!(
            self.packed.len().is_multiple_of(padded),
            "the weights are no whole panels"
        );
        let output = DisjointSlice::new(output);
        let groups = self.groups();
        let pixels = self.starts.len();
        // Several parts for each thread, so that one that is held up does fewer. Large weights are divided, because
        // reading them takes the time; otherwise, or in addition, the pixels.
        let wanted = match threads::count() {
            1 => 1,
            count => (PARTS_PER_THREAD * count).div_ceil(groups),
        };
        let share = pixels.div_ceil(wanted).next_multiple_of(TILE).max(TILE);
        let shares = pixels.div_ceil(share);
        threads::each(0..groups * shares, |part| {
            let first = part / groups * share;
            let pixels = first..(first + share).min(pixels);
            // SAFETY: each part writes one group of channels for some of the pixels, and no two parts share both. The
            // output is borrowed by this call alone. Its size and that of the weights were checked.
            #[allow(unsafe_code)]
            unsafe {
                self.compute_part(output, part % groups, pixels);
            }
        });
    }

    /// Into how many groups the output channels are divided.
    pub(crate) fn groups(&self) -> usize {
        self.channels.div_ceil(PANEL).div_ceil(self.panels())
    }

    /// Rows in a panel.
    fn depth(&self) -> usize {
        self.packed.len() / self.channels.next_multiple_of(PANEL)
    }

    /// Panels in a group.
    fn panels(&self) -> usize {
        (GROUP / (self.depth() * PANEL)).max(2)
    }

    /// One group of channels for some of the pixels of `output`, `[pixels, channels]`. Other groups and pixels may be
    /// computed at the same time.
    ///
    /// # Safety
    /// Until it returns, nothing else reads or writes these channels of these pixels of the output. The output has one
    /// number for each pixel and channel, and `packed` consists of whole panels, as many as the channels need.
    #[allow(unsafe_code)]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    pub(crate) unsafe fn compute_part(
        &self,
        output: DisjointSlice<'_>,
        group: usize,
        pixels: Range<usize>,
    ) {
        let (weights, _) = self.packed.as_chunks::<PANEL>();
        let depth = self.depth();
        let panels = self.panels();
        let first = group * panels * depth;
        let last = (first + panels * depth).min(weights.len());
        let work = Work {
            product: *self,
            output,
            weights: &weights[first..last],
            depth,
            channel: group * panels * PANEL,
        };
        // SAFETY: the functions have the same contract as this one.
        unsafe {
            match self.quantised {
                None => self.compute_tiles::<false>(&work, pixels),
                Some(_) => self.compute_tiles::<true>(&work, pixels),
            }
        }
    }

    /// One group of channels for some of the pixels, tile by tile.
    ///
    /// # Safety
    /// As for [`compute_part`](Self::compute_part).
    #[allow(unsafe_code)]
    #[inline]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    unsafe fn compute_tiles<const INT8: bool>(&self, work: &Work<'_>, pixels: Range<usize>) {
        let (tiles, rest) = self.starts[pixels.clone()].as_chunks::<TILE>();
        // SAFETY: only the group's channels of these pixels are written, which the caller promises are not shared.
        unsafe {
            for (i, starts) in tiles.iter().enumerate() {
                tile::<TILE, 1, INT8>(work, starts, pixels.start + i * TILE);
            }
            let pixel = pixels.start + tiles.len() * TILE;
            match *rest {
                [] => {}
                [a] => tile::<1, 4, INT8>(work, &[a], pixel),
                [a, b] => tile::<2, 2, INT8>(work, &[a, b], pixel),
                [a, b, c] => tile::<3, 2, INT8>(work, &[a, b, c], pixel),
                [a, b, c, d] => tile::<4, 1, INT8>(work, &[a, b, c, d], pixel),
                [a, b, c, d, ref e @ ..] => {
                    tile::<4, 1, INT8>(work, &[a, b, c, d], pixel);
                    for (i, &e) in e.iter().enumerate() {
                        tile::<1, 4, INT8>(work, &[e], pixel + 4 + i);
                    }
                }
            }
        }
    }
}

/// The product of one group of panels.
struct Work<'a> {
    product: Product<'a>,
    /// All of the output, `[pixels, channels]`.
    output: DisjointSlice<'a>,
    weights: &'a [Weights],
    /// Rows in a panel.
    depth: usize,
    /// The group's first output channel.
    channel: usize,
}

/// All of a group's channels for `N` pixels, one panel after the other, so that each pixel's output is written in one go.
///
/// With few pixels the sums are split into `CHAINS`, each of every second or fourth product: an addition has a latency of
/// four cycles, and with one chain the next would wait for it.
///
/// Never inlined: browsers optimise a hot function when it has run for a while, and a large one late.
///
/// # Safety
/// Until it returns, nothing else reads or writes the group's channels of these pixels of the output.
#[allow(unsafe_code)]
#[inline(never)]
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
unsafe fn tile<const N: usize, const CHAINS: usize, const INT8: bool>(
    work: &Work<'_>,
    starts: &[usize; N],
    pixel: usize,
) {
    // Copied first: otherwise the compiler reads them again after each store through a pointer.
    let Product {
        rows,
        channels,
        epilogue,
        quantised,
        ..
    } = work.product;
    let output = work.output;
    for (p, panel) in work.weights.chunks_exact(work.depth).enumerate() {
        let channel = work.channel + p * PANEL;
        let (bias, _) = epilogue.bias[channel..].as_chunks::<PANEL>();
        let mut sums = if INT8 {
            sums::<N, CHAINS, true>(rows, starts, panel, &[0.0; PANEL])
        } else {
            sums::<N, CHAINS, false>(rows, starts, panel, &bias[0])
        };
        if let (true, Some(quantised)) = (INT8, quantised) {
            quantised.dequantise(&mut sums, pixel, channel, &bias[0]);
        }
        for (n, sums) in sums.into_iter().enumerate() {
            let place = (pixel + n) * channels + channel;
            let count = PANEL.min(channels - channel);
            // SAFETY: the range is channels of the group for one of the pixels, which the caller promises are not shared.
            let output = unsafe { output.range(place, count) };
            finish(sums, place, epilogue, output);
        }
    }
}

/// The sums of `N` pixels for the eight channels of a panel, starting from `first`.
#[inline]
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn sums<const N: usize, const CHAINS: usize, const INT8: bool>(
    rows: Rows<'_>,
    starts: &[usize; N],
    panel: &[Weights],
    first: &Weights,
) -> [[F32x4; 2]; N] {
    let zero = F32x4::splat(0.0);
    let mut chains = [[[zero; 2]; N]; CHAINS];
    chains[0] = [[F32x4::load(first), F32x4::load(&first[LANES..])]; N];
    for (row, weights) in panel.chunks_exact(rows.run).enumerate() {
        let runs: [&[f32]; N] =
            core::array::from_fn(|n| &rows.data[starts[n] + row * rows.step..][..weights.len()]);
        // Four steps at a time, so that addresses are calculated a quarter as often.
        let (fours, rest) = weights.as_chunks::<LANES>();
        let inputs = runs.map(|run| run.as_chunks::<LANES>().0);
        for (k, weights) in fours.iter().enumerate() {
            let inputs: [&[f32; LANES]; N] = core::array::from_fn(|n| &inputs[n][k]);
            for (k, weights) in weights.iter().enumerate() {
                let sums = &mut chains[k % CHAINS];
                step::<N, INT8>(sums, core::array::from_fn(|n| inputs[n][k]), weights);
            }
        }
        let done = LANES * fours.len();
        for (k, weights) in rest.iter().enumerate() {
            step::<N, INT8>(
                &mut chains[0],
                core::array::from_fn(|n| runs[n][done + k]),
                weights,
            );
        }
    }
    let mut sums = chains[0];
    for chain in chains.into_iter().skip(1) {
        for (sum, more) in sums.iter_mut().flatten().zip(chain.into_iter().flatten()) {
            *sum = if INT8 { sum.add_i32(more) } else { *sum + more };
        }
    }
    sums
}

/// Adds the products of one input of each pixel with its weights.
#[inline]
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn step<const N: usize, const INT8: bool>(
    sums: &mut [[F32x4; 2]; N],
    inputs: [f32; N],
    weights: &Weights,
) {
    let low = F32x4::load(&weights[..LANES]);
    let high = F32x4::load(&weights[LANES..]);
    for (sums, input) in sums.iter_mut().zip(inputs) {
        let input = F32x4::splat(input);
        if INT8 {
            sums[0] = sums[0].add_dots(input, low);
            sums[1] = sums[1].add_dots(input, high);
        } else {
            sums[0] = sums[0].add_product(input, low);
            sums[1] = sums[1].add_product(input, high);
        }
    }
}

/// Applies the epilogue and stores eight channels of a pixel, or as many as there are. `place` is their index in the whole
/// output.
#[inline(always)]
fn finish(sums: [F32x4; 2], place: usize, epilogue: Epilogue<'_>, output: &mut [f32]) {
    let mut sums = sums;
    let zero = F32x4::splat(0.0);
    if let Ok(output) = <&mut [f32; PANEL]>::try_from(&mut *output) {
        if let Some(residual) = epilogue.residual {
            let residual = &residual[place..place + PANEL];
            sums[0] = sums[0] + F32x4::load(residual);
            sums[1] = sums[1] + F32x4::load(&residual[LANES..]);
        }
        if epilogue.relu {
            sums = sums.map(|sum| sum.pmax(zero));
        }
        sums[0].store(output);
        sums[1].store(&mut output[LANES..]);
        return;
    }
    let mut whole = [0.0; PANEL];
    sums[0].store(&mut whole);
    sums[1].store(&mut whole[LANES..]);
    for (i, (output, sum)) in output.iter_mut().zip(whole).enumerate() {
        let sum = sum
            + epilogue
                .residual
                .map_or(0.0, |residual| residual[place + i]);
        // Not `f32::max`, which would turn NaN into zero.
        *output = if epilogue.relu && sum < 0.0 { 0.0 } else { sum };
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    /// Whether the product of 4 inputs each is computed: `[channels, weights, pixels, output, bias]`.
    fn is_computed([channels, weights, pixels, output, bias]: [usize; 5]) -> bool {
        let [packed, bias, data] = [weights, bias, 32].map(|size| vec![1.0; size]);
        let starts: Vec<_> = (0..pixels).map(|pixel| pixel * 4).collect();
        let product = Product {
            rows: Rows {
                data: &data,
                run: 4,
                step: 0,
            },
            starts: &starts,
            packed: &packed,
            channels,
            epilogue: Epilogue {
                bias: &bias,
                residual: None,
                relu: false,
            },
            quantised: None,
        };
        let compute = || product.compute(&mut vec![0.0; output]);
        catch_unwind(AssertUnwindSafe(compute)).is_ok()
    }

    #[test]
    fn sizes_that_do_not_fit_panic() {
        let cases = [
            ("sizes that fit", [12, 64, 3, 36, 16], true),
            ("an output that is too short", [12, 64, 3, 35, 16], false),
            ("an output that is too long", [12, 64, 3, 37, 16], false),
            ("half a panel of weights", [12, 72, 3, 36, 16], false),
            ("no weights", [12, 0, 3, 36, 16], false),
            ("no channels", [0, 64, 3, 0, 16], false),
            ("rows beyond the input", [12, 64, 9, 108, 16], false),
            ("a bias that is too short", [40, 160, 3, 120, 32], false),
        ];
        let found = cases.map(|(name, sizes, _)| (name, is_computed(sizes)));
        assert_eq!(found, cases.map(|(name, _, expected)| (name, expected)));
    }
}
