//! From the last stage's feature maps to logits.

use burn::prelude::*;

use super::linear::Linear;
use super::ops::{largest_and_mean, mean};
use crate::observe::{Observer, Output};
use crate::resnet::Head as HeadKind;
use crate::resnet::spec::HeadSpec;
use crate::weights::folded_head::{Dense, folded_layers};
use crate::weights::{TensorSource, WeightError};
use resnet_web_core::class_map::class_map;

/// Pooling where the spec has one, flattening, and the linear layers.
#[derive(Debug)]
pub(super) struct Head {
    layers: Vec<Linear>,
    spec: HeadSpec,
}

impl Head {
    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &HeadSpec,
        source: &mut dyn TensorSource,
    ) -> Result<Self, WeightError> {
        let layers = folded_layers(&spec.layers).into_iter();
        Ok(Self {
            layers: layers
                .map(|layer| Linear::load(layer, source))
                .collect::<Result<_, _>>()?,
            spec: spec.clone(),
        })
    }

    /// Feature maps `[batch, channels, height, width]` to logits `[batch, classes]`.
    pub(super) fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<2> {
        let features = self.pool(x, observer);
        self.classify(features, observer)
    }

    /// Feature maps `[batch, channels, height, width]` to what enters the linear layers, `[batch, features]`.
    pub(super) fn pool(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<2> {
        let x = match self.spec.kind {
            HeadKind::AveragePool => mean(x),
            HeadKind::ConcatPool => largest_and_mean(x),
            _ => x,
        };
        if let Some(name) = &self.spec.pool {
            observer.see(name, Output::Map(&x));
        }
        let x = x.flatten(1, 3);
        observer.see(&self.spec.flatten, Output::Vector(&x));
        x
    }

    /// Features `[batch, features]` to logits `[batch, classes]`; to the features without any layers.
    pub(super) fn classify(&self, x: Tensor<2>, observer: &mut dyn Observer) -> Tensor<2> {
        let layers = self.layers.iter();
        layers.fold(x, |x, layer| layer.forward(x, observer))
    }

    /// See [`CpuResNet::evidence`](super::CpuResNet::evidence).
    pub(super) fn evidence(&self, map: Tensor<4>, class: usize) -> Vec<f32> {
        let [_, _, height, width] = map.dims();
        let map: Vec<f32> = map.flatten::<1>(0, 3).into_data().iter().collect();
        let mut layers = Vec::with_capacity(self.layers.len());
        for (place, layer) in self.layers.iter().enumerate() {
            // Of the last layer one row is enough.
            let is_last = place + 1 == self.layers.len();
            let rows = if is_last {
                class..class + 1
            } else {
                0..layer.weights.size()[1]
            };
            layers.push(Dense {
                weight: rows
                    .clone()
                    .flat_map(|row| layer.weights.row(row))
                    .collect(),
                bias: layer.weights.bias()[rows].to_vec(),
                relu: layer.has_relu(),
            });
        }
        class_map(self.spec.kind, &layers, &map, height * width, 0)
    }
}
