//! Convolution and max pooling on burn's CPU backend.

use std::cell::RefCell;

use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::tensor::{Bytes, DType, Shape};

use resnet_web_core::memory::product;
use resnet_web_core::resnet::conv::{Arithmetic, ConvShape};
use resnet_web_kernels::gemm::{Epilogue, PANEL, Product, Rows, pack};
use resnet_web_kernels::quantise::{self, Step};
use resnet_web_kernels::simd::{LANES, Lanes};
use resnet_web_kernels::winograd::{Input, Tiling, convolve, pack_kernel};

use super::map::{Map, each_line, map_tensor};
use super::{ConvOps, plain};

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
            } if quantise::IS_AVAILABLE && inputs.is_multiple_of(quantise::CHANNELS) => Self::Int8,
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

/// How many numbers a packed weight of `shape` has.
pub fn packed_size(shape: ConvShape) -> u64 {
    let [outputs, inputs, height, width] = shape.weight();
    let padded = outputs.next_multiple_of(PANEL);
    match Algorithm::of(shape) {
        Algorithm::Plain => product(&[outputs, inputs, height, width]),
        Algorithm::Direct => product(&[padded, inputs, height, width]),
        Algorithm::Int8 => {
            let words = product(&[padded, inputs / quantise::WORD, height, width]);
            words.saturating_add(product(&[2, padded]))
        }
        Algorithm::Winograd(tiling) => product(&[padded, inputs, tiling.inputs(), tiling.inputs()]),
    }
}

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
        if let Some(buffer) = map.into_buffer() {
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
            Algorithm::Int8 => quantise::pack(numbers, outputs, inputs),
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
        quantised: None,
    };
    product.compute(output);
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
    let words = x.channels / quantise::WORD;
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
    let (packed, quantised) = quantise::unpack(packed, shape.outputs, steps);
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
        quantised: Some(quantised),
    };
    product.compute(output);
}

/// Where each of `[height, width]` pixels begins, for steps from row to row and from pixel to pixel.
fn lay_out(starts: &mut Vec<usize>, [height, width]: [usize; 2], row: usize, pixel: usize) {
    starts.clear();
    for y in 0..height {
        starts.extend((0..width).map(|x| y * row + x * pixel));
    }
}

fn keep_larger(output: &mut [f32], from: &[f32]) {
    let whole = output.len() - output.len() % LANES;
    for i in (0..whole).step_by(LANES) {
        let larger = Lanes::load(&output[i..]).max(Lanes::load(&from[i..]));
        larger.store(&mut output[i..]);
    }
    for (kept, &value) in output[whole..].iter_mut().zip(&from[whole..]) {
        if *kept < value {
            *kept = value;
        }
    }
}
