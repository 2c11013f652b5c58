//! Convolution and max pooling on burn's CPU backend.

use std::cell::RefCell;
use std::sync::Arc;

use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::tensor::{Bytes, DType, Shape};

use super::gemm::{Epilogue, PANEL, Product, Rows, pack};
use super::int8::{self, Step};
use super::parts::Parts;
use super::winograd::{Input, Tiling, convolve, pack_kernel};
use super::{Arithmetic, ConvOps, ConvShape, plain};
use crate::ops::lanes::{LANES, Lanes};
use crate::threads;

/// From so many channels on a map is small, and reading larger weights costs what fewer multiplications save.
const MANY_CHANNELS: usize = 256;

/// How a convolution is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    /// By burn: grouped convolutions.
    Plain,
    /// As a matrix product.
    Direct,
    /// As a matrix product of bytes.
    Int8,
    Winograd(Tiling),
}

impl Algorithm {
    fn of(shape: ConvShape) -> Self {
        let fits = shape.inputs.is_multiple_of(LANES) && shape.outputs.is_multiple_of(PANEL);
        match shape {
            ConvShape { groups: 2.., .. } => Self::Plain,
            ConvShape {
                arithmetic: Arithmetic::Int8,
                inputs,
                ..
            } if int8::IS_AVAILABLE && inputs.is_multiple_of(int8::CHANNELS) => Self::Int8,
            ConvShape {
                kernel: 3,
                stride: 1,
                padding: 1,
                outputs,
                ..
            } if fits => Self::Winograd(if outputs < MANY_CHANNELS {
                Tiling::Four
            } else {
                Tiling::Two
            }),
            _ => Self::Direct,
        }
    }
}

/// Parts of a map that each thread is to have on average.
const PARTS_PER_THREAD: usize = 4;

/// Buffers of maps that nobody needs any more, at most. A network has maps of about ten sizes.
const MOST_SPARE: usize = 24;

/// What is kept from call to call, so that later ones need no new memory.
#[derive(Default)]
struct Workspace {
    padded: Vec<f32>,
    starts: Vec<usize>,
    steps: Vec<Step>,
    spare: Vec<Vec<f32>>,
}

impl Workspace {
    /// A buffer of `size` numbers, whatever they are: one that was given back, if there is any of this very size. To make
    /// one of another would take filling it.
    fn take(&mut self, size: usize) -> Vec<f32> {
        let fitting = self.spare.iter().position(|spare| spare.len() == size);
        match fitting {
            Some(place) => self.spare.swap_remove(place),
            None => vec![0.0; size],
        }
    }

    /// Keeps the buffer of a map that nobody else has, for a later one.
    fn give_back(&mut self, map: Map) {
        let bytes = map.tensor.data_arc();
        drop(map);
        if let Ok(bytes) = Arc::try_unwrap(bytes)
            && let Ok(buffer) = bytes.try_into_vec::<f32>()
        {
            if self.spare.len() == MOST_SPARE {
                // Of a size that has not been asked for lately, most likely.
                self.spare.remove(0);
            }
            self.spare.push(buffer);
        }
    }
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

impl ConvOps for Flex {
    fn pack_weight(weight: FlexTensor, shape: ConvShape) -> FlexTensor {
        let weight = weight.to_contiguous();
        let numbers = weight.storage::<f32>();
        let [outputs, inputs, _, _] = shape.weight();
        let packed = match Algorithm::of(shape) {
            Algorithm::Plain => return weight,
            Algorithm::Direct => pack(numbers, outputs, inputs),
            Algorithm::Int8 => int8::pack(numbers, outputs, inputs),
            Algorithm::Winograd(tiling) => pack_kernel(tiling, numbers, inputs, outputs),
        };
        let shape = Shape::from(vec![packed.len()]);
        FlexTensor::new(
            Bytes::from_elems(packed),
            Layout::contiguous(shape),
            DType::F32,
        )
    }

    fn conv(
        x: FlexTensor,
        packed: FlexTensor,
        bias: FlexTensor,
        shape: ConvShape,
        relu: bool,
    ) -> FlexTensor {
        if Algorithm::of(shape) == Algorithm::Plain {
            let y = plain::<Self>(x, packed, bias, shape);
            return if relu { Self::relu(y) } else { y };
        }
        convolution(x, &packed, &bias, None, shape, relu)
    }

    fn conv_onto(
        x: FlexTensor,
        packed: FlexTensor,
        bias: FlexTensor,
        residual: FlexTensor,
        shape: ConvShape,
    ) -> FlexTensor {
        if Algorithm::of(shape) == Algorithm::Plain {
            let y = plain::<Self>(x, packed, bias, shape);
            return Self::relu(Self::float_add(y, residual));
        }
        convolution(x, &packed, &bias, Some(residual), shape, true)
    }

    fn max_pool(x: FlexTensor) -> FlexTensor {
        let x = Map::of(x);
        let [height, width] = [x.height, x.width].map(|side| (side - 1) / 2 + 1);
        let line = width * x.channels;
        let size = x.batch * height * line;
        let mut output = WORKSPACE.with_borrow_mut(|workspace| workspace.take(size));
        for (n, output) in output.chunks_exact_mut(height * line).enumerate() {
            let input = x.picture(n);
            each_line(output, line, |y, output| {
                output.fill(f32::NEG_INFINITY);
                let top = (2 * y).saturating_sub(1);
                for (column, output) in output.chunks_exact_mut(x.channels).enumerate() {
                    let left = (2 * column).saturating_sub(1);
                    for row in top..(2 * y + 2).min(x.height) {
                        for column in left..(2 * column + 2).min(x.width) {
                            let pixel = row * x.width + column;
                            keep_larger(output, &input[pixel * x.channels..][..x.channels]);
                        }
                    }
                }
            });
        }
        let sides = [x.batch, x.channels, height, width];
        WORKSPACE.with_borrow_mut(|workspace| workspace.give_back(x));
        map_tensor(output, sides)
    }
}

/// `convolution + bias + residual`, and ReLU of that.
fn convolution(
    x: FlexTensor,
    packed: &FlexTensor,
    bias: &FlexTensor,
    residual: Option<FlexTensor>,
    shape: ConvShape,
    relu: bool,
) -> FlexTensor {
    let x = Map::of(x);
    let residual = residual.map(Map::of);
    let [height, width] = [x.height, x.width].map(|side| shape.output_side(side));
    let size = height * width * shape.outputs;
    let mut output = WORKSPACE.with_borrow_mut(|workspace| workspace.take(x.batch * size));
    let bias = bias.to_contiguous();
    let mut offsets = bias.storage::<f32>().to_vec();
    offsets.resize(shape.outputs.next_multiple_of(PANEL), 0.0);
    let weights = packed.storage::<f32>();
    WORKSPACE.with_borrow_mut(|workspace| {
        for (n, output) in output.chunks_exact_mut(size).enumerate() {
            let epilogue = Epilogue {
                bias: &offsets,
                residual: residual.as_ref().map(|residual| residual.picture(n)),
                relu,
            };
            match Algorithm::of(shape) {
                Algorithm::Winograd(tiling) => {
                    let input = Input {
                        data: x.picture(n),
                        height,
                        width,
                        channels: shape.inputs,
                    };
                    convolve(tiling, input, weights, shape.outputs, epilogue, output);
                }
                Algorithm::Int8 => quantised(&x, n, shape, weights, epilogue, output, workspace),
                Algorithm::Plain | Algorithm::Direct => {
                    direct(&x, n, shape, weights, epilogue, output, workspace);
                }
            }
        }
    });
    let sides = [x.batch, shape.outputs, height, width];
    WORKSPACE.with_borrow_mut(|workspace| {
        workspace.give_back(x);
        if let Some(residual) = residual {
            workspace.give_back(residual);
        }
    });
    map_tensor(output, sides)
}

/// A convolution of one picture as a matrix product.
fn direct(
    x: &Map,
    n: usize,
    shape: ConvShape,
    packed: &[f32],
    epilogue: Epilogue<'_>,
    output: &mut [f32],
    workspace: &mut Workspace,
) {
    let (data, row) = if shape.padding == 0 {
        (x.picture(n), x.width * x.channels)
    } else {
        x.pad(n, shape.padding, &mut workspace.padded);
        let width = x.width + 2 * shape.padding;
        (workspace.padded.as_slice(), width * x.channels)
    };
    let [height, width] = [x.height, x.width].map(|side| shape.output_side(side));
    let starts = &mut workspace.starts;
    lay_out(
        starts,
        [height, width],
        shape.stride * row,
        shape.stride * x.channels,
    );
    let product = Product {
        rows: Rows {
            data,
            run: shape.kernel * x.channels,
            step: row,
        },
        starts,
        packed,
        channels: shape.outputs,
        epilogue,
        output: Parts::of(output),
        quantised: None,
    };
    product.compute();
}

/// The same of bytes.
fn quantised(
    x: &Map,
    n: usize,
    shape: ConvShape,
    packed: &[f32],
    epilogue: Epilogue<'_>,
    output: &mut [f32],
    workspace: &mut Workspace,
) {
    let Workspace {
        padded,
        starts,
        steps,
        ..
    } = workspace;
    let words = x.channels / int8::WORD;
    let [height, width] = [x.height, x.width].map(|side| shape.output_side(side));
    let row = if shape.kernel == 1 && shape.padding == 0 {
        x.quantise_pixels(n, shape.stride, padded, steps);
        lay_out(starts, [height, width], width * words, words);
        0
    } else {
        x.quantise(n, shape.padding, padded, steps);
        let row = (x.width + 2 * shape.padding) * words;
        lay_out(
            starts,
            [height, width],
            shape.stride * row,
            shape.stride * words,
        );
        row
    };
    let (packed, quantised) = int8::unpack(packed, shape.outputs, steps);
    let product = Product {
        rows: Rows {
            data: padded,
            run: shape.kernel * words,
            step: row,
        },
        starts,
        packed,
        channels: shape.outputs,
        epilogue,
        output: Parts::of(output),
        quantised: Some(quantised),
    };
    product.compute();
}

/// Where each of `[height, width]` pixels begins, for steps from row to row and from pixel to pixel.
fn lay_out(starts: &mut Vec<usize>, [height, width]: [usize; 2], row: usize, pixel: usize) {
    starts.clear();
    for y in 0..height {
        starts.extend((0..width).map(|x| y * row + x * pixel));
    }
}

/// Calls `work` with every line of `numbers` and its place, on as many threads as there are.
fn each_line<T: Send>(numbers: &mut [T], line: usize, work: impl Fn(usize, &mut [T]) + Sync) {
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

fn keep_larger(output: &mut [f32], from: &[f32]) {
    let whole = output.len() - output.len() % LANES;
    for i in (0..whole).step_by(LANES) {
        let larger = Lanes::load(&output[i..]).max(Lanes::load(&from[i..]));
        larger.store(&mut output[i..]);
    }
    for (kept, &value) in output[whole..].iter_mut().zip(&from[whole..]) {
        *kept = kept.max(value);
    }
}

/// Maps whose channels lie side by side: `[batch, height, width, channels]`.
struct Map {
    tensor: FlexTensor,
    start: usize,
    batch: usize,
    channels: usize,
    height: usize,
    width: usize,
}

impl Map {
    /// Brings a tensor of shape `[batch, channels, height, width]` into this order, unless it is.
    fn of(tensor: FlexTensor) -> Self {
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

    /// One picture of the batch.
    fn picture(&self, n: usize) -> &[f32] {
        let size = self.height * self.width * self.channels;
        &self.tensor.storage::<f32>()[self.start + n * size..][..size]
    }

    /// Copies one picture into a larger map, with zeros around it.
    fn pad(&self, n: usize, border: usize, to: &mut Vec<f32>) {
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
}

impl Map {
    /// Quantises every `stride`th pixel of every `stride`th row of a picture, each by a step of its own.
    fn quantise_pixels(&self, n: usize, stride: usize, to: &mut Vec<f32>, steps: &mut Vec<Step>) {
        let [height, width] = [self.height, self.width].map(|side| (side - 1) / stride + 1);
        let words = self.channels / int8::WORD;
        let picture = self.picture(n);
        let pixel = |y: usize, x: usize| {
            &picture[(y * self.width + x) * stride * self.channels..][..self.channels]
        };
        steps.resize(height * width, Step::default());
        each_line(steps, width, |y, steps| {
            for (x, step) in steps.iter_mut().enumerate() {
                *step = Step::over(int8::range(pixel(y, x)));
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
    fn quantise(&self, n: usize, border: usize, to: &mut Vec<f32>, steps: &mut Vec<Step>) {
        let words = self.channels / int8::WORD;
        let [rows, columns] = [self.height, self.width].map(|side| side + 2 * border);
        let own = self.width * self.channels;
        let picture = self.picture(n);
        let mut ranges = vec![[0.0; 2]; self.height];
        each_line(&mut ranges, 1, |y, range| {
            range[0] = int8::range(&picture[y * own..][..own]);
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

fn map_tensor(numbers: Vec<f32>, sides: [usize; 4]) -> FlexTensor {
    let strides = map_strides(sides).to_vec();
    let layout = Layout::new(Shape::from(sides.to_vec()), strides, 0);
    FlexTensor::new(Bytes::from_elems(numbers), layout, DType::F32)
}
