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
    weights: Vec<(String, PackedLinear)>,
    spec: HeadSpec,
}

impl Head {
    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &HeadSpec,
        source: &mut dyn TensorSource,
    ) -> Result<Self, WeightError> {
        let mut weights = Vec::new();
        for linear in spec.linear_layers() {
            let tensors = linear.tensors();
            let mut taken = tensors
                .iter()
                .map(|tensor| source.take(&tensor.name, &tensor.shape));
            let weight = taken.next().transpose()?.unwrap_or_default();
            let bias = match taken.next() {
                Some(bias) => bias?,
                None => vec![0.0; linear.outputs],
            };
            weights.push((
                linear.name.clone(),
                PackedLinear::new(weight, bias, linear.size()),
            ));
        }
        Ok(Self {
            weights,
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
    pub(super) fn classify(&self, mut x: Tensor<2>, observer: &mut dyn Observer) -> Tensor<2> {
        for (name, weights) in &self.weights {
            x = linear(x, weights);
            observer.see(name, Output::Vector(&x));
        }
        x
    }

    /// See [`CpuResNet::evidence`](super::CpuResNet::evidence).
    pub(super) fn evidence(&self, features: Tensor<4>, class: usize) -> Vec<f32> {
        let [_, channels, height, width] = features.dims();
        let pixels = height * width;
        let pooled = self.spec.pool.is_some();
        let Some((_, weights)) = self.weights.last() else {
            return vec![0.0; pixels];
        };
        let row = weights.row(class);
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
