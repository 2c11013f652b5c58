//! Convolution and max pooling on burn's CPU backend.

use std::cell::RefCell;

use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::tensor::{Bytes, DType, Shape};

use resnet_web_core::memory::product;
use resnet_web_core::resnet::conv::{Arithmetic, ConvShape};
use resnet_web_kernels::gemm::Epilogue;
use resnet_web_kernels::packing::{pack, padded};
use resnet_web_kernels::winograd::{self, Tiling, pack_kernel};
use resnet_web_kernels::{Window, direct, pool, quantise};

use super::map::{Map, map_tensor};
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
        let fits = winograd::fits(shape.inputs, shape.outputs);
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
    let padded = padded(outputs);
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
        let window = Window {
            side: 3,
            stride: 2,
            padding: 1,
        };
        let [height, width] = [x.height, x.width].map(|side| window.count(side));
        let size = height * width * x.channels;
        let mut output = WORKSPACE.with_borrow_mut(|workspace| workspace.take(x.batch * size));
        for (n, output) in output.chunks_exact_mut(size).enumerate() {
            pool::max_pool(x.feature_map(n), window, output);
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
    offsets.resize(padded(shape.outputs), 0.0);
    let weights = packed.storage::<f32>();
    let window = Window {
        side: shape.kernel,
        stride: shape.stride,
        padding: shape.padding,
    };
    for (n, output) in output.chunks_exact_mut(size).enumerate() {
        let map = x.feature_map(n);
        let epilogue = Epilogue {
            bias: &offsets,
            residual: residual.as_ref().map(|residual| residual.picture(n)),
            relu,
        };
        match Algorithm::of(shape) {
            Algorithm::Winograd(tiling) => {
                winograd::convolve(tiling, map, weights, shape.outputs, epilogue, output);
            }
            Algorithm::Int8 => {
                direct::convolve_int8(map, window, weights, shape.outputs, epilogue, output);
            }
            Algorithm::Plain | Algorithm::Direct => {
                direct::convolve(map, window, weights, shape.outputs, epilogue, output);
            }
        }
    }
    let sides = [x.batch, shape.outputs, height, width];
    WORKSPACE.with_borrow_mut(|workspace| {
        workspace.give_back(x);
        if let Some(residual) = residual {
            workspace.give_back(residual);
        }
    });
    map_tensor(output, sides)
}
