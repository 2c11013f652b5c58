//! Eight-bit convolutions: quantising inputs and weights for processors that multiply four bytes at a time.
//!
//! Weights have one scale for each output channel and go from -127 to 127; a file of int8 weights loses nothing by it.
//! Inputs have seven bits, 0 to 127, because WebAssembly's relaxed dot product is exact for those on every processor. Their
//! scale and zero point follow from the image at hand: for each pixel where the kernel is one pixel, else for the whole
//! map. Four channels make a word, and words take the place of numbers in the matrix product (see
//! [`gemm`](crate::gemm)): they are kept as the bits of an f32 with which nothing is calculated.

use crate::map::FeatureMap;
use crate::packing::PANEL;
use crate::simd::{F32x4, LANES};
use crate::threads;

/// Channels in a word.
pub const WORD: usize = 4;
/// Channels that are quantised together.
pub const CHANNELS: usize = WORD * LANES;
/// The largest quantised input.
const MOST: f32 = 127.0;

/// Whether this build has the dot product.
pub const IS_AVAILABLE: bool = cfg!(any(feature = "relaxed-simd", not(target_arch = "wasm32")));

/// Packs weights `[channels, inputs, kernel pixels]` as [`packing::pack`](crate::packing::pack) does, in words of four
/// inputs: the panels, then the scale of each output channel, then the sum of its quantised weights.
pub fn pack(weight: &[f32], channels: usize, inputs: usize) -> Vec<f32> {
    let volume = weight.len() / channels;
    let pixels = volume / inputs;
    let padded = channels.next_multiple_of(PANEL);
    let depth = volume / WORD;
    let mut packed = vec![0.0; depth * padded + 2 * padded];
    let (words, per_channel) = packed.split_at_mut(depth * padded);
    let (scales, sums) = per_channel.split_at_mut(padded);
    for (channel, kernel) in weight.chunks_exact(volume).enumerate() {
        let scale = weight_scale(kernel);
        let panel = channel / PANEL * depth * PANEL;
        let mut sum = 0;
        for pixel in 0..pixels {
            for word in 0..inputs / WORD {
                let (bytes, of_bytes) = weight_word(kernel, scale, [word, pixel, pixels]);
                sum += of_bytes;
                let row = panel + (pixel * (inputs / WORD) + word) * PANEL;
                words[row + channel % PANEL] = bytes;
            }
        }
        scales[channel] = scale;
        sums[channel] = sum as f32;
    }
    packed
}

/// The scale of an output channel's weights.
pub(crate) fn weight_scale(kernel: &[f32]) -> f32 {
    let largest = kernel
        .iter()
        .fold(0.0_f32, |max, value| max.max(value.abs()));
    if largest > 0.0 { largest / MOST } else { 1.0 }
}

/// The word of four adjacent inputs' weights for one of the kernel's pixels, and their sum.
pub(crate) fn weight_word(
    kernel: &[f32],
    scale: f32,
    [word, pixel, pixels]: [usize; 3],
) -> (f32, i32) {
    let bytes: [i8; WORD] = core::array::from_fn(|i| {
        let value = kernel[(word * WORD + i) * pixels + pixel];
        (value / scale).round() as i8
    });
    let sum = bytes.iter().map(|&byte| i32::from(byte)).sum();
    (f32::from_ne_bytes(bytes.map(i8::cast_unsigned)), sum)
}

/// Splits [`pack`]'s weights into panels and what [`Quantised`] needs for their products with `inputs`.
pub(crate) fn unpack<'a>(
    packed: &'a [f32],
    channels: usize,
    inputs: &'a [QuantParams],
) -> (&'a [f32], Quantised<'a>) {
    let padded = channels.next_multiple_of(PANEL);
    let (words, per_channel) = packed.split_at(packed.len() - 2 * padded);
    let (scales, sums) = per_channel.split_at(padded);
    let quantised = Quantised {
        inputs,
        scales,
        sums,
    };
    (words, quantised)
}

/// Scales that turn sums of products of bytes back into numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quantised<'a> {
    /// Each pixel's input parameters, or one for all.
    inputs: &'a [QuantParams],
    /// Of the weights of each output channel.
    scales: &'a [f32],
    /// The sum of the quantised weights of each output channel.
    sums: &'a [f32],
}

impl Quantised<'_> {
    /// Dequantises the sums of `N` pixels for the eight channels of a panel, and adds the bias.
    #[inline]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    pub(crate) fn dequantise<const N: usize>(
        &self,
        sums: &mut [[F32x4; 2]; N],
        pixel: usize,
        channel: usize,
        bias: &[f32; PANEL],
    ) {
        for half in 0..2 {
            let at = channel + half * LANES;
            let scales = F32x4::load(&self.scales[at..]);
            let weights = F32x4::load(&self.sums[at..]);
            let bias = F32x4::load(&bias[half * LANES..]);
            for (n, sums) in sums.iter_mut().enumerate() {
                let params = self.inputs.get(pixel + n).unwrap_or(&self.inputs[0]);
                sums[half] = params.dequantise(sums[half], weights, scales, bias);
            }
        }
    }
}

/// Quantisation parameters of inputs: `x = scale * (q - zero_point)`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct QuantParams {
    scale: f32,
    /// A whole number from 0 to 127.
    zero_point: f32,
}

impl QuantParams {
    /// For numbers from `least` to `most`.
    fn of_range([least, most]: [f32; 2]) -> Self {
        let (least, most) = (least.min(0.0), most.max(0.0));
        let range = most - least;
        // The inverse of a smaller scale would be infinite: all numbers in so small a range become the zero point.
        let scale = if range > f32::MIN_POSITIVE * MOST {
            range / MOST
        } else {
            1.0
        };
        Self {
            scale,
            zero_point: (-least / scale).round(),
        }
    }

    /// Dequantises the `products` of four output channels, whose quantised `weights` have these sums and scales, and adds the
    /// bias.
    #[inline]
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    pub(crate) fn dequantise(
        self,
        products: F32x4,
        weights: F32x4,
        scales: F32x4,
        bias: F32x4,
    ) -> F32x4 {
        let sum = products
            .i32_to_f32()
            .add_product(F32x4::splat(-self.zero_point), weights);
        bias.add_product(sum, scales * F32x4::splat(self.scale))
    }

    /// A word of four zero points.
    fn zero_word(self) -> f32 {
        f32::from_ne_bytes([self.zero_point as u8; WORD])
    }

    /// Quantises numbers, a multiple of [`CHANNELS`] of them.
    fn quantise(self, from: &[f32], to: &mut [f32]) {
        let inverse = F32x4::splat(1.0 / self.scale);
        // Adding a half rounds, because the conversion to bytes truncates.
        let zero = F32x4::splat(self.zero_point + 0.5);
        let most = F32x4::splat(MOST);
        let words = to.chunks_exact_mut(LANES);
        for (numbers, words) in from.chunks_exact(CHANNELS).zip(words) {
            let vectors = core::array::from_fn(|i| {
                let numbers = F32x4::load(&numbers[i * LANES..]);
                most.pmin(numbers * inverse + zero)
            });
            F32x4::to_bytes(vectors).store(words);
        }
    }
}

/// The least and the largest of numbers and zero. There are a multiple of [`CHANNELS`] of them.
fn range(numbers: &[f32]) -> [f32; 2] {
    let mut least = [F32x4::splat(0.0); LANES];
    let mut most = least;
    for numbers in numbers.chunks_exact(CHANNELS) {
        for i in 0..LANES {
            let numbers = F32x4::load(&numbers[i * LANES..]);
            least[i] = numbers.pmin(least[i]);
            most[i] = most[i].pmax(numbers);
        }
    }
    let [a, b, c, d] = least;
    let [e, f, g, h] = most;
    let mut ends = [[0.0; LANES]; 2];
    d.pmin(c).pmin(b.pmin(a)).store(&mut ends[0]);
    e.pmax(f).pmax(g.pmax(h)).store(&mut ends[1]);
    [
        ends[0].into_iter().fold(0.0, f32::min),
        ends[1].into_iter().fold(0.0, f32::max),
    ]
}

/// Quantises numbers, a multiple of [`CHANNELS`] of them, with the same parameters throughout.
pub(crate) fn all(from: &[f32], to: &mut Vec<f32>) -> QuantParams {
    let params = QuantParams::of_range(range(from));
    to.resize(from.len() / WORD, 0.0);
    params.quantise(from, to);
    params
}

/// Quantises every `stride`th pixel of every `stride`th row of a map, each with parameters of its own.
pub(crate) fn pixels(
    map: FeatureMap<'_>,
    stride: usize,
    to: &mut Vec<f32>,
    params: &mut Vec<QuantParams>,
) {
    let [height, width] = [map.height, map.width].map(|side| (side - 1) / stride + 1);
    let words = map.channels / WORD;
    params.resize(height * width, QuantParams::default());
    threads::each_chunk(params, width, |y, params| {
        for (x, params) in params.iter_mut().enumerate() {
            *params = QuantParams::of_range(range(map.pixel(y * stride, x * stride)));
        }
    });
    to.resize(height * width * words, 0.0);
    threads::each_chunk(to, width * words, |y, row| {
        for (x, to) in row.chunks_exact_mut(words).enumerate() {
            params[y * width + x].quantise(map.pixel(y * stride, x * stride), to);
        }
    });
}

/// Quantises a map with the same parameters throughout into a larger one with a border of zeros.
pub(crate) fn map(
    map: FeatureMap<'_>,
    border: usize,
    to: &mut Vec<f32>,
    params: &mut Vec<QuantParams>,
) {
    let words = map.channels / WORD;
    let [rows, columns] = [map.height, map.width].map(|side| side + 2 * border);
    let mut ranges = vec![[0.0; 2]; map.height];
    threads::each_chunk(&mut ranges, 1, |y, of_row| {
        of_row[0] = range(map.row(y));
    });
    let range = ranges
        .into_iter()
        .fold([0.0, 0.0], |[a, b]: [f32; 2], [c, d]| [a.min(c), b.max(d)]);
    let of_map = QuantParams::of_range(range);
    params.clear();
    params.push(of_map);
    let zero = of_map.zero_word();
    to.resize(rows * columns * words, 0.0);
    threads::each_chunk(to, columns * words, |y, to| {
        let from = y.checked_sub(border).filter(|&y| y < map.height);
        let Some(y) = from else {
            return to.fill(zero);
        };
        let (left, to) = to.split_at_mut(border * words);
        let (inner, right) = to.split_at_mut(map.width * words);
        left.fill(zero);
        of_map.quantise(map.row(y), inner);
        right.fill(zero);
    });
}
