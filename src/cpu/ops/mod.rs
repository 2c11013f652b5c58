//! The operations of the CPU's network on burn's tensors: a backend extension of burn-flex.
//!
//! A convolution is fused with everything that comes after it: bias, residual, ReLU. The kernels of [`resnet_web_kernels`]
//! compute it on NHWC feature maps: in memory, maps lie as `[batch, height, width, channels]` from layer to layer, under
//! burn's usual shape `[batch, channels, height, width]`.
//!
//! burn's tensor operators also handle quantised tensors and numbers of every type. The network needs f32 alone, and that
//! code was a quarter of the CPU modules, so these operations go past it. Before you use another operator of burn's in the
//! CPU's network, compare the modules' sizes: `Tensor::cat` alone brings half a megabyte with it.

mod buffers;
mod layers;
mod maps;
mod packed;

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::prelude::{Device, Shape, Tensor, TensorData};
use burn::tensor::{Bytes, DType};
use resnet_web_core::resnet::spec::PoolSpec;
use resnet_web_kernels::gemm::Epilogue;
use resnet_web_kernels::{direct, grouped, pointwise, winograd};

pub use layers::{Layer, ScaleShift, ZeroPad};
use maps::NhwcMaps;
use packed::{Kernel, in_groups, window};
pub use packed::{PackedConv, PackedLinear, arithmetics, packed_size, supported};

/// What the CPU's backend does for the network.
#[backend_extension(Flex)]
pub trait CpuOps: Backend {
    /// See [`conv`].
    fn conv(x: FloatTensor<Self>, weights: &PackedConv, relu: bool) -> FloatTensor<Self>;

    /// See [`conv_residual`].
    fn conv_residual(
        x: FloatTensor<Self>,
        weights: &PackedConv,
        residual: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self>;

    /// See [`add`].
    fn add(x: FloatTensor<Self>, residual: FloatTensor<Self>, relu: bool) -> FloatTensor<Self>;

    /// See [`gate_add`].
    fn gate_add(
        x: FloatTensor<Self>,
        gate: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self>;

    /// Any layer of one input but a convolution.
    fn layer(x: FloatTensor<Self>, layer: &Layer<'_>) -> FloatTensor<Self>;
}

/// A tensor of `values`, row by row, on the CPU.
///
/// Past burn's `Tensor::from_data`, which converts between all types of numbers.
///
/// # Panics
/// If there are more or fewer values than `shape` says.
pub fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
    let data = TensorData::new(values, shape);
    let device = Device::flex();
    Tensor::from_dispatch(Dispatch::float_from_data(data, device.as_dispatch()))
}

/// `convolution + bias` of maps `[batch, channels, height, width]`, and ReLU of that.
///
/// # Panics
/// If the tensor is not on the CPU ([`Device::flex`](burn::prelude::Device::flex)) or has other channels.
pub fn conv(x: Tensor<4>, weights: &PackedConv, relu: bool) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::conv(x.into_dispatch(), weights, relu))
}

/// `convolution + bias + residual` of maps `[batch, channels, height, width]`, and ReLU of that.
///
/// # Panics
/// As [`conv`].
pub fn conv_residual(
    x: Tensor<4>,
    weights: &PackedConv,
    residual: Tensor<4>,
    relu: bool,
) -> Tensor<4> {
    let (x, residual) = (x.into_dispatch(), residual.into_dispatch());
    Tensor::from_dispatch(Dispatch::conv_residual(x, weights, residual, relu))
}

/// `x + residual`, both `[batch, channels, height, width]`, and ReLU of that.
///
/// # Panics
/// If a tensor is not on the CPU.
pub fn add(x: Tensor<4>, residual: Tensor<4>, relu: bool) -> Tensor<4> {
    let (x, residual) = (x.into_dispatch(), residual.into_dispatch());
    Tensor::from_dispatch(Dispatch::add(x, residual, relu))
}

/// `x * gate + shortcut`, and ReLU of that: maps `[batch, channels, height, width]`, and a gate for each of their channels,
/// `[batch, channels]`.
///
/// # Panics
/// If a tensor is not on the CPU.
pub fn gate_add(x: Tensor<4>, gate: Tensor<2>, shortcut: Tensor<4>, relu: bool) -> Tensor<4> {
    let (x, gate) = (x.into_dispatch(), gate.into_dispatch());
    let shortcut = shortcut.into_dispatch();
    Tensor::from_dispatch(Dispatch::gate_add(x, gate, shortcut, relu))
}

/// Pools maps `[batch, channels, height, width]`.
///
/// # Panics
/// If the tensor is not on the CPU, or too small for the pooling.
pub fn pool(x: Tensor<4>, spec: &PoolSpec) -> Tensor<4> {
    layer(x, &Layer::Pool(spec))
}

/// Scales and shifts each channel of maps `[batch, channels, height, width]`, and ReLU of that.
///
/// # Panics
/// If the tensor is not on the CPU, or has other channels.
pub fn scale_shift(x: Tensor<4>, weights: &ScaleShift, relu: bool) -> Tensor<4> {
    layer(x, &Layer::ScaleShift { weights, relu })
}

/// Every `stride`-th pixel of maps `[batch, channels, height, width]`, between channels of zeros.
///
/// # Panics
/// If the tensor is not on the CPU.
pub fn zero_pad(x: Tensor<4>, by: ZeroPad) -> Tensor<4> {
    layer(x, &Layer::ZeroPad(by))
}

/// The mean of each channel of maps `[batch, channels, height, width]`: `[batch, channels, 1, 1]`.
///
/// # Panics
/// If the tensor is not on the CPU.
pub fn mean(x: Tensor<4>) -> Tensor<4> {
    layer(x, &Layer::Mean)
}

/// The largest number of each channel of maps `[batch, channels, height, width]`, then the mean of each:
/// `[batch, 2 * channels, 1, 1]`.
///
/// # Panics
/// If the tensor is not on the CPU.
pub fn largest_and_mean(x: Tensor<4>) -> Tensor<4> {
    layer(x, &Layer::LargestAndMean)
}

/// `x W^T + b`, and ReLU of that: features `[batch, in]` to `[batch, out]`.
///
/// # Panics
/// If the tensor is not on the CPU.
pub fn linear(x: Tensor<2>, weights: &PackedLinear, relu: bool) -> Tensor<2> {
    layer(x, &Layer::Linear { weights, relu })
}

/// A convolution over the channels of features `[batch, channels]`, padded with zeros.
///
/// # Panics
/// If the tensor is not on the CPU.
pub fn across_channels(x: Tensor<2>, kernel: &[f32]) -> Tensor<2> {
    layer(x, &Layer::AcrossChannels(kernel))
}

/// The sigmoid of features `[batch, channels]`.
///
/// # Panics
/// If the tensor is not on the CPU.
pub fn sigmoid(x: Tensor<2>) -> Tensor<2> {
    layer(x, &Layer::Sigmoid)
}

/// Negative numbers become zero, in tensors of two or four dimensions.
///
/// # Panics
/// If the tensor is not on the CPU.
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    layer(x, &Layer::Relu)
}

fn layer<const D: usize>(x: Tensor<D>, layer: &Layer<'_>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::layer(x.into_dispatch(), layer))
}

impl CpuOps for Flex {
    fn conv(x: FlexTensor, weights: &PackedConv, relu: bool) -> FlexTensor {
        fused(x, weights, None, relu)
    }

    fn conv_residual(
        x: FlexTensor,
        weights: &PackedConv,
        residual: FlexTensor,
        relu: bool,
    ) -> FlexTensor {
        fused(x, weights, Some(residual), relu)
    }

    fn add(x: FlexTensor, residual: FlexTensor, relu: bool) -> FlexTensor {
        join(x, None, residual, relu)
    }

    fn gate_add(x: FlexTensor, gate: FlexTensor, shortcut: FlexTensor, relu: bool) -> FlexTensor {
        join(x, Some(gate), shortcut, relu)
    }

    fn layer(x: FlexTensor, layer: &Layer<'_>) -> FlexTensor {
        layer.compute(x)
    }
}

/// `x * gate + shortcut`, and ReLU of that. Without a gate every channel passes as it is.
fn join(x: FlexTensor, gate: Option<FlexTensor>, shortcut: FlexTensor, relu: bool) -> FlexTensor {
    let (x, shortcut) = (NhwcMaps::new(x), NhwcMaps::new(shortcut));
    let gates = match gate {
        Some(gate) => gate.to_contiguous().storage::<f32>().to_vec(),
        None => vec![1.0; x.batch * x.channels],
    };
    let size = x.height * x.width * x.channels;
    let mut output = buffers::take(x.batch * size);
    let images = output.chunks_exact_mut(size).enumerate();
    for ((n, output), gate) in images.zip(gates.chunks_exact(x.channels)) {
        pointwise::gate_add(x.image(n), gate, shortcut.image(n), relu, output);
    }
    let shape = [x.batch, x.channels, x.height, x.width];
    buffers::give_back(x);
    buffers::give_back(shortcut);
    NhwcMaps::tensor(output, shape)
}

/// `convolution + bias + residual`, and ReLU of that, by the kernels.
fn fused(
    x: FlexTensor,
    weights: &PackedConv,
    residual: Option<FlexTensor>,
    relu: bool,
) -> FlexTensor {
    let x = NhwcMaps::new(x);
    let residual = residual.map(NhwcMaps::new);
    let shape = weights.shape();
    let [height, width] = [x.height, x.width].map(|side| shape.output_side(side));
    let channels = shape.outputs;
    let size = height * width * channels;
    let mut output = buffers::take(x.batch * size);
    let window = window(shape);
    for (n, output) in output.chunks_exact_mut(size).enumerate() {
        let map = x.feature_map(n);
        let epilogue = Epilogue {
            bias: weights.padded_bias(),
            residual: residual.as_ref().map(|residual| residual.image(n)),
            relu,
        };
        match weights.kernel() {
            Kernel::Winograd(tiling, packed) => {
                winograd::convolve(*tiling, map, packed, channels, epilogue, output);
            }
            Kernel::Int8(words) => {
                direct::convolve_int8(map, window, words, channels, epilogue, output);
            }
            Kernel::Direct(panels) => {
                direct::convolve(map, window, panels, channels, epilogue, output);
            }
            Kernel::Grouped(packed) => {
                grouped::convolve(map, in_groups(shape), packed, epilogue, output);
            }
            Kernel::GroupedInt8(words) => {
                grouped::convolve_int8(map, in_groups(shape), words, epilogue, output);
            }
        }
    }
    let sides = [x.batch, channels, height, width];
    buffers::give_back(x);
    if let Some(residual) = residual {
        buffers::give_back(residual);
    }
    NhwcMaps::tensor(output, sides)
}

/// A tensor of `values`, row by row.
fn contiguous(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    let layout = Layout::contiguous(Shape::from(shape.to_vec()));
    FlexTensor::new(Bytes::from_elems(values), layout, DType::F32)
}
