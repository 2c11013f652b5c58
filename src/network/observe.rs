//! Looking at what a run computes, layer by layer, without changing it.

use burn::prelude::*;

/// What a layer gave out, at the moment it is computed.
#[derive(Debug, Clone, Copy)]
pub enum Output<'a> {
    /// Feature maps `[batch, channels, height, width]`.
    Map(&'a Tensor<4>),
    /// Features or logits `[batch, features]`.
    Vector(&'a Tensor<2>),
}

/// Sees every layer's output in the order of computation.
pub trait Observer {
    /// `layer` is PyTorch's name. With batch norm folded, a convolution and its batch norm are one, under the
    /// batch norm's name.
    fn see(&mut self, layer: &str, output: Output<'_>);

    /// Whether anybody looks. If not, layers may become one where that is faster.
    fn is_watching(&self) -> bool {
        true
    }
}

/// Looks away: for runs that only want the logits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn see(&mut self, _layer: &str, _output: Output<'_>) {}

    fn is_watching(&self) -> bool {
        false
    }
}
