//! A convolution with its batch norm, if it has one, folded into it.

use burn::prelude::*;

use super::ops::{PackedConv, conv, conv_residual, relu};
use crate::observe::{Observer, Output};
use crate::resnet::conv::{Arithmetic, ConvShape};
use crate::resnet::spec::ConvSpec;
use crate::weights::folded::take_folded;
use crate::weights::{TensorSource, WeightError};

/// A convolution with folded batch norm, then ReLU where the spec has one.
#[derive(Debug)]
pub(super) struct Convolution {
    weights: PackedConv,
    spec: ConvSpec,
}

impl Convolution {
    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &ConvSpec,
        source: &mut dyn TensorSource,
        arithmetic: Arithmetic,
    ) -> Result<Self, WeightError> {
        let (weight, bias) = take_folded(spec, source)?;
        let shape = ConvShape {
            arithmetic,
            ..spec.shape()
        };
        Ok(Self {
            weights: PackedConv::new(weight, bias, shape),
            spec: spec.clone(),
        })
    }

    /// `[batch, channels in, height, width]` to `[batch, channels out, height / stride, width / stride]`.
    pub(super) fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<4> {
        if !observer.is_watching() {
            return conv(x, &self.weights, self.spec.relu.is_some());
        }
        let mut x = conv(x, &self.weights, false);
        observer.see(self.spec.folded_name(), Output::Map(&x));
        if let Some(name) = &self.spec.relu {
            x = relu(x);
            observer.see(name, Output::Map(&x));
        }
        x
    }

    /// `convolution + residual`, and ReLU of that, in one, unobserved: the end of a block.
    pub(super) fn forward_residual(
        &self,
        x: Tensor<4>,
        residual: Tensor<4>,
        relu: bool,
    ) -> Tensor<4> {
        conv_residual(x, &self.weights, residual, relu)
    }
}
