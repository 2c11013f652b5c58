//! Convolution with everything that comes after it: bias, residual addition, ReLU.
//!
//! A backend extension: the CPU has kernels of its own ([`resnet_web_kernels`]). They keep maps as `[height, width,
//! channels]` from layer to layer, under burn's usual shape `[batch, channels, height, width]`. What they do not do, grouped
//! convolutions, is put together of burn's operations. The GPU's are in crates/gpu.

mod cpu;
mod map;

use burn::backend::ops::ConvOptions;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::prelude::{Device, Shape, Tensor};
use resnet_web_core::resnet::conv::{Arithmetic, ConvShape};
use resnet_web_kernels::quantise;

/// What a device calculates with that is asked for `arithmetic`.
pub fn arithmetic_on(device: &Device, arithmetic: Arithmetic) -> Arithmetic {
    let can = quantise::IS_AVAILABLE && *device == Device::flex();
    if can { arithmetic } else { Arithmetic::F32 }
}

/// What a device can calculate with.
pub fn arithmetics_on(device: &Device) -> Vec<Arithmetic> {
    let all = [Arithmetic::F32, Arithmetic::Int8];
    all.into_iter()
        .filter(|&one| arithmetic_on(device, one) == one)
        .collect()
}

/// How many numbers of four bytes the CPU keeps of a weight of `shape`, which [`pack_weight`] makes of it.
pub fn packed_size(shape: ConvShape) -> u64 {
    cpu::packed_size(shape)
}

/// Convolutions as a backend does them.
#[backend_extension(Flex)]
pub trait ConvOps: Backend {
    /// Brings a weight, given as PyTorch's numbers row by row, into the form that [`conv`](Self::conv) takes.
    fn pack_weight(weight: FloatTensor<Self>, shape: ConvShape) -> FloatTensor<Self> {
        let _ = shape;
        weight
    }

    /// `convolution + bias`, and ReLU of that.
    fn conv(
        x: FloatTensor<Self>,
        packed: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvShape,
        relu: bool,
    ) -> FloatTensor<Self> {
        let y = plain::<Self>(x, packed, bias, shape);
        if relu { Self::relu(y) } else { y }
    }

    /// `relu(convolution + bias + residual)`
    fn conv_onto(
        x: FloatTensor<Self>,
        packed: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        let y = plain::<Self>(x, packed, bias, shape);
        Self::relu(Self::float_add(y, residual))
    }

    /// The largest number of each 3x3 window, stride 2, padding 1.
    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::max_pool2d(x, [3; 2], [2; 2], [1; 2], [1; 2], false)
    }
}

/// The backend's own convolution; `packed` is the weight as it came.
fn plain<B: Backend>(
    x: FloatTensor<B>,
    packed: FloatTensor<B>,
    bias: FloatTensor<B>,
    shape: ConvShape,
) -> FloatTensor<B> {
    let ConvShape {
        stride,
        padding,
        groups,
        ..
    } = shape;
    let weight = B::float_reshape(packed, Shape::from(shape.weight().to_vec()));
    let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
    B::conv2d(x, weight, Some(bias), options)
}

/// Brings a weight `[out, in / groups, height, width]`, row by row, into the device's form.
pub fn pack_weight(weight: Tensor<1>, shape: ConvShape) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::pack_weight(weight.into_dispatch(), shape))
}

/// `convolution + bias` of maps `[batch, channels, height, width]`, and ReLU of that.
pub fn conv(
    x: Tensor<4>,
    packed: Tensor<1>,
    bias: Tensor<1>,
    shape: ConvShape,
    relu: bool,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::conv(
        x.into_dispatch(),
        packed.into_dispatch(),
        bias.into_dispatch(),
        shape,
        relu,
    ))
}

/// `relu(convolution + bias + residual)` of maps `[batch, channels, height, width]`.
pub fn conv_onto(
    x: Tensor<4>,
    packed: Tensor<1>,
    bias: Tensor<1>,
    residual: Tensor<4>,
    shape: ConvShape,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::conv_onto(
        x.into_dispatch(),
        packed.into_dispatch(),
        bias.into_dispatch(),
        residual.into_dispatch(),
        shape,
    ))
}

/// The largest number of each 3x3 window, stride 2, padding 1, of maps `[batch, channels, height, width]`.
pub fn max_pool(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::max_pool(x.into_dispatch()))
}
