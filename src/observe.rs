//! Observing what a network computes, layer by layer, without changing it.

use burn::prelude::*;

/// A layer's output, at the moment it is computed.
#[derive(Debug, Clone, Copy)]
pub enum Output<'a> {
    /// Feature maps `[batch, channels, height, width]`.
    Map(&'a Tensor<4>),
    /// Features or logits `[batch, features]`.
    Vector(&'a Tensor<2>),
}

/// Sees every layer's output in the order of computation.
pub trait Observer {
    /// `layer` is PyTorch's name. With batch norm folded, a convolution and its batch norm are one layer, under the
    /// batch norm's name.
    fn see(&mut self, layer: &str, output: Output<'_>);

    /// Whether outputs are wanted. If not, layers may be fused.
    fn is_watching(&self) -> bool {
        true
    }
}

/// Ignores every output: for runs that only compute the logits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn see(&mut self, _layer: &str, _output: Output<'_>) {}

    fn is_watching(&self) -> bool {
        false
    }
}
