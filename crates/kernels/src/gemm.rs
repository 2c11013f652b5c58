//! Rows times packed weights: the arithmetic of every convolution.
//!
//! Maps lie as `[height, width, channels]`, so the numbers that a row of a kernel sees lie side by side. A convolution
//! is then a matrix product whose left side is read in place: each output pixel has one run of `kernel width x channels`
//! numbers for every row of the kernel. Nothing is copied together first (no im2col).
//!
//! Weights are packed in panels of eight output channels. As many panels as the second-level cache holds are multiplied
//! with one tile of six pixels after the other, whose numbers stay in the first-level cache: twelve accumulators, two
//! weights and one input fill the fifteen registers a browser gives.

use std::ops::Range;

use super::quantise::Step;
use crate::disjoint::Parts;
use crate::simd::{F32x4, LANES};
use crate::threads;

/// Output channels of a panel.
pub const PANEL: usize = 2 * LANES;
/// Pixels of a tile. Without fused multiply-add the product needs a register of its own.
pub const TILE: usize = if cfg!(all(target_arch = "wasm32", not(feature = "relaxed-simd"))) {
    5
} else {
    6
};
/// Weights that are gone through once for each tile: what fits the second-level cache.
const GROUP: usize = 1 << 15;

/// Parts of a product that each thread is to have on average.
const PARTS_PER_THREAD: usize = 4;

/// A row of weights for eight output channels.
type Weights = [f32; PANEL];

/// Where the input of an output pixel lies.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The input.
    pub data: &'a [f32],
    /// Numbers that lie side by side: the kernel's width times the input's channels.
    pub run: usize,
    /// From one row of the kernel to the next.
    pub step: usize,
}

/// What is done to the sums before they are written.
#[derive(Debug, Clone, Copy)]
pub struct Epilogue<'a> {
    /// One number for each output channel, padded to whole panels.
    pub bias: &'a [f32],
    /// What is added to each output, in the output's layout.
    pub residual: Option<&'a [f32]>,
    /// Whether negative sums become zero.
    pub relu: bool,
}

/// Packs a weight `[channels, inputs, kernel pixels]` into panels `[panel][kernel pixel][input][8]`, zeros after the last
/// channel: a panel's rows go over the kernel's pixels and, within each, the input's channels, as a map does.
pub fn pack(weight: &[f32], channels: usize, inputs: usize) -> Vec<f32> {
    let volume = weight.len() / channels;
    let pixels = volume / inputs;
    let mut packed = vec![0.0; volume * channels.next_multiple_of(PANEL)];
    let (rows, _) = packed.as_chunks_mut::<PANEL>();
    for (channel, kernel) in weight.chunks_exact(volume).enumerate() {
        let panel = &mut rows[channel / PANEL * volume..][..volume];
        for (input, numbers) in kernel.chunks_exact(pixels).enumerate() {
            for (pixel, &number) in numbers.iter().enumerate() {
                panel[pixel * inputs + input][channel % PANEL] = number;
            }
        }
    }
    packed
}

/// `output[pixel][channel] = epilogue(sum of rows(pixel) * weights)`.
#[derive(Debug, Clone, Copy)]
pub struct Product<'a> {
    /// The input.
    pub rows: Rows<'a>,
    /// The place of each pixel's first run.
    pub starts: &'a [usize],
    /// [`pack`]'s.
    pub packed: &'a [f32],
    /// Output channels.
    pub channels: usize,
    /// What comes after the sum.
    pub epilogue: Epilogue<'a>,
    /// Where rows and weights are words of four bytes (see [`quantise`](super::quantise)): what they stand for.
    pub quantised: Option<Quantised<'a>>,
}

/// A linear layer: features `[batch, inputs]` times weights, plus `bias`, into `output`, `[batch, bias]`. `packed` is what
/// [`pack`] makes of weights `[outputs, inputs]`.
///
/// # Panics
/// If the output has another size than that.
pub fn linear(features: &[f32], inputs: usize, packed: &[f32], bias: &[f32], output: &mut [f32]) {
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
            relu: false,
        },
        quantised: None,
    };
    product.compute(output);
}

/// What makes numbers of sums of bytes.
#[derive(Debug, Clone, Copy)]
pub struct Quantised<'a> {
    /// How each pixel's input was quantised, or one for all.
    pub inputs: &'a [Step],
    /// What one is worth in the weights of each output channel.
    pub scales: &'a [f32],
    /// The sum of the weights of each output channel.
    pub sums: &'a [f32],
}

impl Product<'_> {
    /// Computes it into `output`, `[pixels, channels]`, on as many threads as there are.
    ///
    /// The output is borrowed for as long as the threads write it, so that no two calls write the same one at once:
    ///
    /// ```compile_fail,E0499
    /// # use resnet_web_kernels::gemm::Product;
    /// fn twice(product: Product<'_>, output: &mut [f32]) {
    ///     std::thread::scope(|scope| {
    ///         scope.spawn(|| product.compute(output));
    ///         scope.spawn(|| product.compute(output));
    ///     });
    /// }
    /// ```
    ///
    /// # Panics
    /// Where the output has another size, the weights are no whole panels, or rows reach beyond the input.
    pub fn compute(&self, output: &mut [f32]) {
        let size = self.starts.len().checked_mul(self.channels);
        assert!(size == Some(output.len()), "an output of another size");
        let padded = self.channels.next_multiple_of(PANEL);
        assert!(
            self.packed.len().is_multiple_of(padded),
            "weights of whole panels"
        );
        let output = Parts::of(output);
        let groups = self.groups();
        let pixels = self.starts.len();
        // A few parts for each thread, so that one that is late does fewer. With enough weights those are parted, for
        // reading them is what takes time; else, or also, the pixels.
        let wanted = match threads::count() {
            1 => 1,
            count => (PARTS_PER_THREAD * count).div_ceil(groups),
        };
        let share = pixels.div_ceil(wanted).next_multiple_of(TILE).max(TILE);
        let shares = pixels.div_ceil(share);
        threads::each(0..groups * shares, |part| {
            let first = part / groups * share;
            let pixels = first..(first + share).min(pixels);
            // SAFETY: each part of the output is one group for some of the pixels, no two have both in common, and the
            // output is this call's alone. Its size and that of the weights were checked.
            #[allow(unsafe_code)]
            unsafe {
                self.compute_part(output, part % groups, pixels);
            }
        });
    }

    /// In how many groups the output channels fall.
    pub(crate) fn groups(&self) -> usize {
        self.channels.div_ceil(PANEL).div_ceil(self.panels())
    }

    /// Rows of a panel.
    fn depth(&self) -> usize {
        self.packed.len() / self.channels.next_multiple_of(PANEL)
    }

    /// Panels of a group.
    fn panels(&self) -> usize {
        (GROUP / (self.depth() * PANEL)).max(2)
    }

    /// One group of channels for some of the pixels of `output`, `[pixels, channels]`. Several may be computed at the same
    /// time.
    ///
    /// # Safety
    /// Meanwhile nobody else reads or writes these channels of these pixels of the output, which has a place for each
    /// pixel and channel; `packed` is of whole panels, as many as the channels fill.
    #[allow(unsafe_code)]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    pub(crate) unsafe fn compute_part(
        &self,
        output: Parts<'_>,
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
        // SAFETY: the caller's promise is that of the function.
        unsafe {
            match self.quantised {
                None => self.compute_tiles::<false>(&work, pixels),
                Some(_) => self.compute_tiles::<true>(&work, pixels),
            }
        }
    }

    /// The tiles of some pixels.
    ///
    /// # Safety
    /// As that of [`compute_part`](Self::compute_part).
    #[allow(unsafe_code)]
    #[inline]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    unsafe fn compute_tiles<const INT8: bool>(&self, work: &Work<'_>, pixels: Range<usize>) {
        let (tiles, rest) = self.starts[pixels.clone()].as_chunks::<TILE>();
        // SAFETY: no pixel but these is written, and no channel but the group's: the caller promises that they are ours.
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

/// A group of panels.
struct Work<'a> {
    product: Product<'a>,
    /// The product's, `[pixels, channels]`.
    output: Parts<'a>,
    weights: &'a [Weights],
    /// Rows of a panel.
    depth: usize,
    /// The first output channel.
    channel: usize,
}

/// All of a group's channels for `N` pixels, one panel after the other, so that the output is written in one go.
///
/// `CHAINS` sums of every second or fourth number are kept apart until the end where there are few pixels: an addition
/// takes four times as long as it keeps the processor from beginning the next.
///
/// A function of its own: browsers compile what runs often a second time, function by function, and a large one late.
///
/// # Safety
/// Meanwhile nobody else reads or writes the group's channels of these pixels of the output.
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
    // Taken out at once: after each store through a pointer they would have to be read again.
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
            // SAFETY: these are channels of the group and of one of the pixels, which the caller promises are ours.
            let output = unsafe { output.at(place, count) };
            finish(sums, place, epilogue, output);
        }
    }
}

/// The sums of `N` pixels for the eight channels of a panel, and what they begin with.
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
        // Four steps at a time, so that addresses are worked out a quarter as often.
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

impl Quantised<'_> {
    /// Makes numbers of the sums of `N` pixels for eight channels, bias included.
    #[inline]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    fn dequantise<const N: usize>(
        &self,
        sums: &mut [[F32x4; 2]; N],
        pixel: usize,
        channel: usize,
        bias: &Weights,
    ) {
        for half in 0..2 {
            let at = channel + half * LANES;
            let scales = F32x4::load(&self.scales[at..]);
            let weights = F32x4::load(&self.sums[at..]);
            let bias = F32x4::load(&bias[half * LANES..]);
            for (n, sums) in sums.iter_mut().enumerate() {
                let step = self.inputs.get(pixel + n).unwrap_or(&self.inputs[0]);
                let products = sums[half].i32_to_f32();
                let sum = products.add_product(F32x4::splat(-step.zero), weights);
                let scales = scales * F32x4::splat(step.scale);
                sums[half] = bias.add_product(sum, scales);
            }
        }
    }
}

/// One number of each pixel's run times its weights.
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

/// Writes eight channels of a pixel, or as many as there are. `place` is the output's among all.
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
        // `f32::max` would make a number of what is none.
        *output = if epilogue.relu && sum < 0.0 { 0.0 } else { sum };
    }
}
