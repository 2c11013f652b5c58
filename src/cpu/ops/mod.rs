//! The operations of the CPU's network on burn's tensors: a backend extension of burn-flex.
//!
//! A convolution is fused with everything that comes after it: bias, residual, ReLU. The kernels of [`resnet_web_kernels`]
//! compute it on NHWC feature maps: in memory, maps lie as `[batch, height, width, channels]` from layer to layer, under
//! burn's usual shape `[batch, channels, height, width]`. Grouped convolutions are burn's own.
//!
//! burn's tensor operators also handle quantised tensors. None are used here, and that code is a tenth of the CPU
//! modules, so these operations go past it.

mod buffers;
mod maps;
mod packed;

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::{ActivationOps, FloatTensorOps, ModuleOps};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::prelude::{Shape, Tensor};
use burn::tensor::{Bytes, DType};
use resnet_web_kernels::gemm::{self, Epilogue};
use resnet_web_kernels::{Window, direct, pool, winograd};

use maps::NhwcMaps;
use packed::Kernel;
pub use packed::{PackedConv, PackedLinear, arithmetics, packed_size, supported};

/// The stem's pool (He et al. 2015, table 1).
const POOL: Window = Window {
    side: 3,
    stride: 2,
    padding: 1,
};

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
    ) -> FloatTensor<Self>;

    /// See [`add_relu`].
    fn add_relu(x: FloatTensor<Self>, residual: FloatTensor<Self>) -> FloatTensor<Self>;

    /// See [`max_pool`].
    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// See [`linear`].
    fn packed_linear(x: FloatTensor<Self>, weights: &PackedLinear) -> FloatTensor<Self>;
}

/// `convolution + bias` of maps `[batch, channels, height, width]`, and ReLU of that.
///
/// # Panics
/// If the tensor is not on the CPU ([`Device::flex`](burn::prelude::Device::flex)) or has other channels.
pub fn conv(x: Tensor<4>, weights: &PackedConv, relu: bool) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::conv(x.into_dispatch(), weights, relu))
}

/// `relu(convolution + bias + residual)` of maps `[batch, channels, height, width]`.
///
/// # Panics
/// As [`conv`].
pub fn conv_residual(x: Tensor<4>, weights: &PackedConv, residual: Tensor<4>) -> Tensor<4> {
    let (x, residual) = (x.into_dispatch(), residual.into_dispatch());
    Tensor::from_dispatch(Dispatch::conv_residual(x, weights, residual))
}

/// `relu(x + residual)`, both `[batch, channels, height, width]`.
///
/// # Panics
/// If a tensor is not on the CPU.
pub fn add_relu(x: Tensor<4>, residual: Tensor<4>) -> Tensor<4> {
    let (x, residual) = (x.into_dispatch(), residual.into_dispatch());
    Tensor::from_dispatch(Dispatch::add_relu(x, residual))
}

/// The largest number of each 3x3 window, stride 2, padding 1, of maps `[batch, channels, height, width]`.
///
/// # Panics
/// If the tensor is not on the CPU.
pub fn max_pool(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::max_pool(x.into_dispatch()))
}

/// `x W^T + b`: features `[batch, in]` to `[batch, out]`.
///
/// # Panics
/// If the tensor is not on the CPU.
pub fn linear(x: Tensor<2>, weights: &PackedLinear) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::packed_linear(x.into_dispatch(), weights))
}

impl CpuOps for Flex {
    fn conv(x: FlexTensor, weights: &PackedConv, relu: bool) -> FlexTensor {
        match weights.kernel() {
            Kernel::Grouped(weight) => {
                let y = grouped(x, weight, weights);
                if relu { Self::relu(y) } else { y }
            }
            _ => fused(x, weights, None, relu),
        }
    }

    fn conv_residual(x: FlexTensor, weights: &PackedConv, residual: FlexTensor) -> FlexTensor {
        match weights.kernel() {
            Kernel::Grouped(weight) => Self::add_relu(grouped(x, weight, weights), residual),
            _ => fused(x, weights, Some(residual), true),
        }
    }

    fn add_relu(x: FlexTensor, residual: FlexTensor) -> FlexTensor {
        Self::relu(Self::float_add(x, residual))
    }

    fn max_pool(x: FlexTensor) -> FlexTensor {
        let x = NhwcMaps::new(x);
        let [height, width] = [x.height, x.width].map(|side| POOL.count(side));
        let size = height * width * x.channels;
        let mut output = buffers::take(x.batch * size);
        for (n, output) in output.chunks_exact_mut(size).enumerate() {
            pool::max_pool(x.feature_map(n), POOL, output);
        }
        let shape = [x.batch, x.channels, height, width];
        buffers::give_back(x);
        NhwcMaps::tensor(output, shape)
    }

    fn packed_linear(x: FlexTensor, weights: &PackedLinear) -> FlexTensor {
        let [inputs, outputs] = weights.size();
        let x = x.to_contiguous();
        let x = x.storage::<f32>();
        let batch = x.len() / inputs;
        let mut output = vec![0.0; batch * outputs];
        gemm::linear(
            x,
            inputs,
            weights.panels(),
            weights.bias(),
            false,
            &mut output,
        );
        contiguous(output, &[batch, outputs])
    }
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
    let window = Window {
        side: shape.kernel,
        stride: shape.stride,
        padding: shape.padding,
    };
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
            Kernel::Grouped(_) => unreachable!("a grouped convolution is not fused"),
        }
    }
    let sides = [x.batch, channels, height, width];
    buffers::give_back(x);
    if let Some(residual) = residual {
        buffers::give_back(residual);
    }
    NhwcMaps::tensor(output, sides)
}

/// `convolution + bias`, by burn.
fn grouped(x: FlexTensor, weight: &FlexTensor, weights: &PackedConv) -> FlexTensor {
    let shape = weights.shape();
    let bias = contiguous(weights.bias().to_vec(), &[shape.outputs]);
    let options = burn::backend::ops::ConvOptions::new(
        [shape.stride; 2],
        [shape.padding; 2],
        [1; 2],
        shape.groups,
    );
    Flex::conv2d(x, weight.clone(), Some(bias), options)
}

/// A tensor of `values`, row by row.
fn contiguous(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    let layout = Layout::contiguous(Shape::from(shape.to_vec()));
    FlexTensor::new(Bytes::from_elems(values), layout, DType::F32)
}
