//! Maps as the CPU's convolutions keep them, and what is done to them before a product.

use std::sync::Arc;

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};

use resnet_web_kernels::quantise::{self, Step};
use resnet_web_kernels::threads;

/// Parts of a map that each thread is to have on average.
const PARTS_PER_THREAD: usize = 4;

/// Maps whose channels lie side by side: `[batch, height, width, channels]`.
pub struct Map {
    tensor: FlexTensor,
    start: usize,
    /// Pictures.
    pub batch: usize,
    /// Numbers of a pixel.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
}

impl Map {
    /// Brings a tensor of shape `[batch, channels, height, width]` into this order, unless it is.
    pub fn of(tensor: FlexTensor) -> Self {
        let layout = tensor.layout();
        let sides = layout.shape();
        let [batch, channels, height, width] = [sides[0], sides[1], sides[2], sides[3]];
        let strides = map_strides([batch, channels, height, width]);
        let start = layout.start_offset();
        let (tensor, start) = if layout.strides() == strides {
            (tensor, start)
        } else {
            (interleaved(&tensor.to_contiguous()), 0)
        };
        Self {
            tensor,
            start,
            batch,
            channels,
            height,
            width,
        }
    }

    /// The numbers, if nobody else has them.
    pub fn into_buffer(self) -> Option<Vec<f32>> {
        let bytes = self.tensor.data_arc();
        drop(self);
        Arc::try_unwrap(bytes).ok()?.try_into_vec().ok()
    }

    /// One picture of the batch.
    pub fn picture(&self, n: usize) -> &[f32] {
        let size = self.height * self.width * self.channels;
        &self.tensor.storage::<f32>()[self.start + n * size..][..size]
    }

    /// Copies one picture into a larger map, with zeros around it.
    pub fn pad(&self, n: usize, border: usize, to: &mut Vec<f32>) {
        let [rows, columns] = [self.height, self.width].map(|side| side + 2 * border);
        let line = columns * self.channels;
        let own = self.width * self.channels;
        let edge = border * self.channels;
        let picture = self.picture(n);
        // Every line is written as a whole, whatever the buffer held.
        to.resize(rows * line, 0.0);
        each_line(to, line, |y, to| {
            let from = y.checked_sub(border).filter(|&y| y < self.height);
            let Some(y) = from else { return to.fill(0.0) };
            to[..edge].fill(0.0);
            to[edge..edge + own].copy_from_slice(&picture[y * own..][..own]);
            to[edge + own..].fill(0.0);
        });
    }

    /// Quantises every `stride`th pixel of every `stride`th row of a picture, each by a step of its own.
    pub fn quantise_pixels(
        &self,
        n: usize,
        stride: usize,
        to: &mut Vec<f32>,
        steps: &mut Vec<Step>,
    ) {
        let [height, width] = [self.height, self.width].map(|side| (side - 1) / stride + 1);
        let words = self.channels / quantise::WORD;
        let picture = self.picture(n);
        let pixel = |y: usize, x: usize| {
            &picture[(y * self.width + x) * stride * self.channels..][..self.channels]
        };
        steps.resize(height * width, Step::default());
        each_line(steps, width, |y, steps| {
            for (x, step) in steps.iter_mut().enumerate() {
                *step = Step::over(quantise::range(pixel(y, x)));
            }
        });
        to.resize(height * width * words, 0.0);
        each_line(to, width * words, |y, line| {
            for (x, to) in line.chunks_exact_mut(words).enumerate() {
                steps[y * width + x].quantise(pixel(y, x), to);
            }
        });
    }

    /// Quantises a picture by one step into a larger map, with nought around it.
    pub fn quantise(&self, n: usize, border: usize, to: &mut Vec<f32>, steps: &mut Vec<Step>) {
        let words = self.channels / quantise::WORD;
        let [rows, columns] = [self.height, self.width].map(|side| side + 2 * border);
        let own = self.width * self.channels;
        let picture = self.picture(n);
        let mut ranges = vec![[0.0; 2]; self.height];
        each_line(&mut ranges, 1, |y, range| {
            range[0] = quantise::range(&picture[y * own..][..own]);
        });
        let range = ranges
            .into_iter()
            .fold([0.0, 0.0], |[a, b]: [f32; 2], [c, d]| [a.min(c), b.max(d)]);
        let step = Step::over(range);
        steps.clear();
        steps.push(step);
        let nought = step.zero_word();
        to.resize(rows * columns * words, 0.0);
        each_line(to, columns * words, |y, to| {
            let from = y.checked_sub(border).filter(|&y| y < self.height);
            let Some(y) = from else {
                return to.fill(nought);
            };
            let (left, to) = to.split_at_mut(border * words);
            let (inner, right) = to.split_at_mut(self.width * words);
            left.fill(nought);
            step.quantise(&picture[y * own..][..own], inner);
            right.fill(nought);
        });
    }
}

/// Brings `[batch, channels, height, width]` into the order of maps.
fn interleaved(tensor: &FlexTensor) -> FlexTensor {
    let sides = tensor.layout().shape();
    let [batch, channels, height, width] = [sides[0], sides[1], sides[2], sides[3]];
    let pixels = height * width;
    let mut numbers = vec![0.0; batch * channels * pixels];
    let planes = tensor.storage::<f32>().chunks_exact(pixels.max(1));
    for (place, plane) in planes.enumerate() {
        let (picture, channel) = (place / channels, place % channels);
        let map = &mut numbers[picture * channels * pixels..];
        for (pixel, &value) in map.chunks_exact_mut(channels).zip(plane) {
            pixel[channel] = value;
        }
    }
    map_tensor(numbers, [batch, channels, height, width])
}

/// Steps along batch, channels, height and width.
fn map_strides([_, channels, height, width]: [usize; 4]) -> [isize; 4] {
    [height * width * channels, 1, width * channels, channels].map(|step| step as isize)
}

/// A tensor `[batch, channels, height, width]` of numbers in the order of maps.
pub fn map_tensor(numbers: Vec<f32>, sides: [usize; 4]) -> FlexTensor {
    let strides = map_strides(sides).to_vec();
    let layout = Layout::new(Shape::from(sides.to_vec()), strides, 0);
    FlexTensor::new(Bytes::from_elems(numbers), layout, DType::F32)
}

/// Calls `work` with every line of `numbers` and its place, on as many threads as there are.
pub fn each_line<T: Send>(numbers: &mut [T], line: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    let lines = match threads::count() {
        1 => numbers.len() / line,
        count => (numbers.len() / line).div_ceil(PARTS_PER_THREAD * count),
    };
    let parts = numbers.chunks_mut(lines.max(1) * line).enumerate();
    threads::each(parts, |(part, numbers)| {
        for (i, line) in numbers.chunks_exact_mut(line).enumerate() {
            work(part * lines + i, line);
        }
    });
}
