//! From the last stage's feature maps to logits.

use burn::prelude::*;
use burn::tensor::module::adaptive_avg_pool2d;

use super::ops::{PackedLinear, linear};
use crate::observe::{Observer, Output};
use crate::resnet::spec::HeadSpec;
use crate::weights::{TensorSource, WeightError};

/// Average pool where the spec has one, flattening, and the linear layer.
#[derive(Debug)]
pub(super) struct Head {
    weights: PackedLinear,
    spec: HeadSpec,
}

impl Head {
    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &HeadSpec,
        source: &mut dyn TensorSource,
    ) -> Result<Self, WeightError> {
        let [weight, bias] = spec.tensors();
        let weight = source.take(&weight.name, &weight.shape)?;
        let bias = source.take(&bias.name, &bias.shape)?;
        Ok(Self {
            weights: PackedLinear::new(weight, bias, spec.linear_size()),
            spec: spec.clone(),
        })
    }

    /// Feature maps `[batch, channels, height, width]` to logits `[batch, classes]`.
    pub(super) fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<2> {
        let features = self.pool(x, observer);
        self.classify(features, observer)
    }

    /// Feature maps `[batch, channels, height, width]` to what enters the linear layer, `[batch, features]`.
    pub(super) fn pool(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<2> {
        let x = match &self.spec.pool {
            Some(name) => {
                let x = adaptive_avg_pool2d(x, [1, 1]);
                observer.see(name, Output::Map(&x));
                x
            }
            None => x,
        };
        let x = x.flatten(1, 3);
        observer.see(&self.spec.flatten, Output::Vector(&x));
        x
    }

    /// Features `[batch, features]` to logits `[batch, classes]`.
    pub(super) fn classify(&self, x: Tensor<2>, observer: &mut dyn Observer) -> Tensor<2> {
        let logits = linear(x, &self.weights);
        observer.see(&self.spec.linear, Output::Vector(&logits));
        logits
    }

    /// See [`CpuResNet::evidence`](super::CpuResNet::evidence).
    pub(super) fn evidence(&self, features: Tensor<4>, class: usize) -> Vec<f32> {
        let [_, channels, height, width] = features.dims();
        let pixels = height * width;
        let pooled = self.spec.pool.is_some();
        let row = self.weights.row(class);
        let features: Vec<f32> = features.flatten::<1>(0, 3).into_data().iter().collect();
        let share = if pooled { pixels as f32 } else { 1.0 };
        let added = |pixel: usize| {
            let parts = (0..channels).map(|channel| {
                let feature = channel * pixels + pixel;
                features[feature] * row[if pooled { channel } else { feature }]
            });
            parts.sum::<f32>() / share
        };
        (0..pixels).map(added).collect()
    }
}
