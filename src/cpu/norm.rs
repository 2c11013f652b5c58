//! A batch norm that no convolution comes right before.

use burn::prelude::*;

use super::ops::{ScaleShift, relu, scale_shift};
use crate::observe::{Observer, Output};
use crate::resnet::spec::NormSpec;
use crate::weights::folded::take_scale_shift;
use crate::weights::{TensorSource, WeightError};

/// A batch norm as a factor and an addend for each channel, then ReLU where the spec has one.
#[derive(Debug)]
pub(super) struct Norm {
    weights: ScaleShift,
    spec: NormSpec,
}

impl Norm {
    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &NormSpec,
        source: &mut dyn TensorSource,
    ) -> Result<Self, WeightError> {
        let (scale, shift) = take_scale_shift(spec, source)?;
        Ok(Self {
            weights: ScaleShift { scale, shift },
            spec: spec.clone(),
        })
    }

    /// Maps `[batch, channels, height, width]` to maps of the same shape.
    pub(super) fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<4> {
        if !observer.is_watching() {
            return scale_shift(x, &self.weights, self.spec.relu.is_some());
        }
        let mut x = scale_shift(x, &self.weights, false);
        observer.see(&self.spec.name, Output::Map(&x));
        if let Some(name) = &self.spec.relu {
            x = relu(x);
            observer.see(name, Output::Map(&x));
        }
        x
    }
}
