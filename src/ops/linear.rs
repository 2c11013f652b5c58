//! The linear layer, for weights that are not quantised.

use burn::backend::Dispatch;
use burn::backend::ops::ModuleOps;
use burn::nn::Linear;
use burn::prelude::Tensor;

/// `x W + b`: features `[batch, in]` to `[batch, out]`.
///
/// Unlike [`Linear::forward`] this leaves out burn's arithmetic on quantised tensors.
pub fn linear(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    let bias = layer.bias.as_ref().map(|bias| bias.val().into_dispatch());
    Tensor::from_dispatch(Dispatch::linear(
        x.into_dispatch(),
        layer.weight.val().into_dispatch(),
        bias,
    ))
}
