//! Convolutions in whole numbers of eight bits, for processors that multiply four of them at a time.
//!
//! Weights have one scale for each output channel, from -127 to 127; a file of int8 weights loses nothing by it. Inputs
//! have seven bits, 0 to 127, because that is what WebAssembly's relaxed dot product is exact for on every processor;
//! their scale and zero follow from the picture at hand: for each pixel where the kernel is one pixel, else for the
//! whole map. Four channels make a word, and words take the place of numbers in [`Product`](super::gemm::Product): they
//! are kept as the bits of an f32, which is never calculated with.

use super::gemm::{PANEL, Quantised};
use crate::map::FeatureMap;
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

/// Packs a weight `[channels, inputs, kernel pixels]` as [`pack`](super::gemm::pack) does, in words of four inputs. What
/// [`unpack`] takes apart again: the panels, then the scale of each output channel, then the sum of its weights.
pub fn pack(weight: &[f32], channels: usize, inputs: usize) -> Vec<f32> {
    let volume = weight.len() / channels;
    let pixels = volume / inputs;
    let padded = channels.next_multiple_of(PANEL);
    let depth = volume / WORD;
    let mut packed = vec![0.0; depth * padded + 2 * padded];
    let (words, steps) = packed.split_at_mut(depth * padded);
    let (scales, sums) = steps.split_at_mut(padded);
    for (channel, kernel) in weight.chunks_exact(volume).enumerate() {
        let largest = kernel
            .iter()
            .fold(0.0_f32, |max, value| max.max(value.abs()));
        let scale = if largest > 0.0 { largest / MOST } else { 1.0 };
        let panel = channel / PANEL * depth * PANEL;
        let mut sum = 0;
        for pixel in 0..pixels {
            for quad in 0..inputs / WORD {
                let bytes: [i8; WORD] = core::array::from_fn(|i| {
                    let value = kernel[(quad * WORD + i) * pixels + pixel];
                    (value / scale).round() as i8
                });
                sum += bytes.iter().map(|&byte| i32::from(byte)).sum::<i32>();
                let row = panel + (pixel * (inputs / WORD) + quad) * PANEL;
                words[row + channel % PANEL] = f32::from_ne_bytes(bytes.map(|byte| byte as u8));
            }
        }
        scales[channel] = scale;
        sums[channel] = sum as f32;
    }
    packed
}

/// The panels of [`pack`]'s weight, and what makes numbers of their products with `inputs`.
pub fn unpack<'a>(
    packed: &'a [f32],
    channels: usize,
    inputs: &'a [Step],
) -> (&'a [f32], Quantised<'a>) {
    let padded = channels.next_multiple_of(PANEL);
    let (words, steps) = packed.split_at(packed.len() - 2 * padded);
    let (scales, sums) = steps.split_at(padded);
    let quantised = Quantised {
        inputs,
        scales,
        sums,
    };
    (words, quantised)
}

/// How inputs were quantised: `x = scale * (q - zero)`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Step {
    /// The difference of one.
    pub scale: f32,
    /// What nought became, a whole number.
    pub zero: f32,
}

impl Step {
    /// For numbers from `least` to `most`.
    pub fn over([least, most]: [f32; 2]) -> Self {
        let (least, most) = (least.min(0.0), most.max(0.0));
        let range = most - least;
        // So small a range has no inverse: all of it is nought.
        let scale = if range > f32::MIN_POSITIVE * MOST {
            range / MOST
        } else {
            1.0
        };
        Self {
            scale,
            zero: (-least / scale).round(),
        }
    }

    /// Nought, as a word.
    pub fn zero_word(self) -> f32 {
        f32::from_ne_bytes([self.zero as u8; WORD])
    }

    /// Quantises numbers, as many as [`CHANNELS`] or several times that.
    pub fn quantise(self, from: &[f32], to: &mut [f32]) {
        let inverse = F32x4::splat(1.0 / self.scale);
        // The half rounds: what comes after cuts off.
        let zero = F32x4::splat(self.zero + 0.5);
        let most = F32x4::splat(MOST);
        let words = to.chunks_exact_mut(LANES);
        for (numbers, words) in from.chunks_exact(CHANNELS).zip(words) {
            let quads = core::array::from_fn(|i| {
                let numbers = F32x4::load(&numbers[i * LANES..]);
                most.pmin(numbers * inverse + zero)
            });
            F32x4::to_bytes(quads).store(words);
        }
    }
}

/// The least and the largest of numbers, as many as [`CHANNELS`] or several times that, and nought.
pub fn range(numbers: &[f32]) -> [f32; 2] {
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

/// Quantises every `stride`th pixel of every `stride`th row of a map, each by a step of its own.
pub(crate) fn pixels(map: FeatureMap<'_>, stride: usize, to: &mut Vec<f32>, steps: &mut Vec<Step>) {
    let [height, width] = [map.height, map.width].map(|side| (side - 1) / stride + 1);
    let words = map.channels / WORD;
    steps.resize(height * width, Step::default());
    threads::each_chunk(steps, width, |y, steps| {
        for (x, step) in steps.iter_mut().enumerate() {
            *step = Step::over(range(map.pixel(y * stride, x * stride)));
        }
    });
    to.resize(height * width * words, 0.0);
    threads::each_chunk(to, width * words, |y, line| {
        for (x, to) in line.chunks_exact_mut(words).enumerate() {
            steps[y * width + x].quantise(map.pixel(y * stride, x * stride), to);
        }
    });
}

/// Quantises a map by one step into a larger one, with zeros around it.
pub(crate) fn map(map: FeatureMap<'_>, border: usize, to: &mut Vec<f32>, steps: &mut Vec<Step>) {
    let words = map.channels / WORD;
    let [rows, columns] = [map.height, map.width].map(|side| side + 2 * border);
    let mut ranges = vec![[0.0; 2]; map.height];
    threads::each_chunk(&mut ranges, 1, |y, of_row| {
        of_row[0] = range(map.row(y));
    });
    let range = ranges
        .into_iter()
        .fold([0.0, 0.0], |[a, b]: [f32; 2], [c, d]| [a.min(c), b.max(d)]);
    let step = Step::over(range);
    steps.clear();
    steps.push(step);
    let zero = step.zero_word();
    to.resize(rows * columns * words, 0.0);
    threads::each_chunk(to, columns * words, |y, to| {
        let from = y.checked_sub(border).filter(|&y| y < map.height);
        let Some(y) = from else {
            return to.fill(zero);
        };
        let (left, to) = to.split_at_mut(border * words);
        let (inner, right) = to.split_at_mut(map.width * words);
        left.fill(zero);
        step.quantise(map.row(y), inner);
        right.fill(zero);
    });
}
