//! The end of a residual block: the addition and the ReLU after it.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::prelude::Tensor;

/// What a backend does at the end of a residual block.
#[backend_extension(Flex)]
pub trait ResidualOps: Backend {
    /// `relu(residual + shortcut)`, both of one shape.
    fn add_relu(residual: FloatTensor<Self>, shortcut: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu(Self::float_add(residual, shortcut))
    }
}

impl ResidualOps for Flex {}

/// `relu(residual + shortcut)`, both `[batch, channels, height, width]`.
pub fn add_relu(residual: Tensor<4>, shortcut: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::add_relu(
        residual.into_dispatch(),
        shortcut.into_dispatch(),
    ))
}
