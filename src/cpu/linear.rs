//! A linear layer with the batch norms beside it folded into it.

use burn::prelude::*;

use super::ops::{PackedLinear, linear, relu};
use crate::observe::{Observer, Output};
use crate::weights::folded_head::FoldedLinear;
use crate::weights::{TensorSource, WeightError};

/// A linear layer, then ReLU where it has a name.
#[derive(Debug)]
pub(super) struct Linear {
    pub(super) weights: PackedLinear,
    name: String,
    relu: Option<String>,
}

impl Linear {
    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: FoldedLinear<'_>,
        source: &mut dyn TensorSource,
    ) -> Result<Self, WeightError> {
        let dense = spec.take(source)?;
        Ok(Self {
            weights: PackedLinear::new(dense.weight, dense.bias, spec.linear.size()),
            name: spec.output_name().to_owned(),
            relu: spec.relu.map(str::to_owned),
        })
    }

    /// Features `[batch, in]` to `[batch, out]`.
    pub(super) fn forward(&self, x: Tensor<2>, observer: &mut dyn Observer) -> Tensor<2> {
        if !observer.is_watching() {
            return linear(x, &self.weights, self.relu.is_some());
        }
        let mut x = linear(x, &self.weights, false);
        observer.see(&self.name, Output::Vector(&x));
        if let Some(name) = &self.relu {
            x = relu(x);
            observer.see(name, Output::Vector(&x));
        }
        x
    }

    /// Whether negative outputs become zero.
    pub(super) fn has_relu(&self) -> bool {
        self.relu.is_some()
    }
}
