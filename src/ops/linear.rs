//! The linear layer, for weights that are not quantised.

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::prelude::{Shape, Tensor};
use burn::tensor::{Bytes, DType};

use resnet_web_kernels::gemm;
use resnet_web_kernels::packing::{pack, unpack_row};

/// A linear layer as a backend does it: features in and out.
#[backend_extension(Flex)]
pub trait LinearOps: Backend {
    /// Brings a weight `[out, in]`, row by row, into the form that [`linear`](Self::linear) takes.
    fn pack_linear(weight: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
        let _ = size;
        weight
    }

    /// `x W^T + b`
    fn linear(
        x: FloatTensor<Self>,
        packed: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        size: [usize; 2],
    ) -> FloatTensor<Self> {
        let [inputs, outputs] = size;
        let weight = Self::float_reshape(packed, Shape::from(vec![outputs, inputs]));
        let weight = Self::float_transpose(weight);
        <Self as burn::backend::ops::ModuleOps<Self>>::linear(x, weight, Some(bias))
    }

    /// The weights of one output, in the order of the features.
    fn linear_row(packed: FloatTensor<Self>, size: [usize; 2], output: usize) -> FloatTensor<Self> {
        let [inputs, _] = size;
        let range = output * inputs..(output + 1) * inputs;
        Self::float_slice(packed, &[range.into()])
    }
}

impl LinearOps for Flex {
    fn pack_linear(weight: FlexTensor, [inputs, outputs]: [usize; 2]) -> FlexTensor {
        let weight = weight.to_contiguous();
        let packed = pack(weight.storage::<f32>(), outputs, inputs);
        let layout = Layout::contiguous(Shape::from(vec![packed.len()]));
        FlexTensor::new(Bytes::from_elems(packed), layout, DType::F32)
    }

    fn linear(
        x: FlexTensor,
        packed: FlexTensor,
        bias: FlexTensor,
        [inputs, outputs]: [usize; 2],
    ) -> FlexTensor {
        let [x, bias] = [x, bias].map(|tensor| tensor.to_contiguous());
        let x = x.storage::<f32>();
        let batch = x.len() / inputs;
        let mut output = vec![0.0; batch * outputs];
        gemm::linear(
            x,
            inputs,
            packed.storage::<f32>(),
            bias.storage::<f32>(),
            &mut output,
        );
        let layout = Layout::contiguous(Shape::from(vec![batch, outputs]));
        FlexTensor::new(Bytes::from_elems(output), layout, DType::F32)
    }

    fn linear_row(packed: FlexTensor, [inputs, _]: [usize; 2], output: usize) -> FlexTensor {
        let row = unpack_row(packed.storage::<f32>(), inputs, output);
        let layout = Layout::contiguous(Shape::from(vec![inputs]));
        FlexTensor::new(Bytes::from_elems(row), layout, DType::F32)
    }
}

/// Brings a weight `[out, in]`, row by row, into the device's form; `size` is in and out.
pub fn pack_linear(weight: Tensor<1>, size: [usize; 2]) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::pack_linear(weight.into_dispatch(), size))
}

/// `x W^T + b`: features `[batch, in]` to `[batch, out]`; `size` is in and out.
///
/// Unlike burn's own linear layer this leaves out the arithmetic on quantised tensors.
pub fn linear(x: Tensor<2>, packed: Tensor<1>, bias: Tensor<1>, size: [usize; 2]) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as LinearOps>::linear(
        x.into_dispatch(),
        packed.into_dispatch(),
        bias.into_dispatch(),
        size,
    ))
}

/// The weights of the layer's output at this place, in the order of the features.
pub fn linear_row(packed: Tensor<1>, size: [usize; 2], output: usize) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as LinearOps>::linear_row(
        packed.into_dispatch(),
        size,
        output,
    ))
}
