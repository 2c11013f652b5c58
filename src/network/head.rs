//! From the last stage's feature maps to logits.

use burn::module::Module;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use burn::nn::{BatchNorm, Linear, Relu};
use burn::prelude::*;

use super::{linear, norm};
use crate::observe::{Observer, Output};
use crate::resnet::Head;
use crate::resnet::spec::{HeadLayerSpec, HeadSpec};
use crate::weights::folded::take_norm;
use crate::weights::{TensorSource, WeightError};

/// Pooling where the spec has one, flattening, and the layers to the logits.
#[derive(Module, Debug)]
pub(super) struct ClassifierHead {
    pool: Option<AdaptiveAvgPool2d>,
    layers: Vec<Layer>,
    #[module(skip)]
    spec: HeadSpec,
}

/// A layer between the pooled features and the logits.
#[derive(Module, Debug)]
enum Layer {
    Linear(Linear),
    Norm(BatchNorm),
    Relu(Relu),
}

impl ClassifierHead {
    /// Random weights, to train from: see [`ResNet::init`](super::ResNet::init).
    pub(super) fn init(spec: &HeadSpec, device: &Device) -> Self {
        let layers = spec.layers.iter().map(|layer| match layer {
            HeadLayerSpec::Linear(linear) => Layer::Linear(linear::init(linear, device)),
            HeadLayerSpec::Norm(norm) => Layer::Norm(norm::init(norm.channels, device)),
            _ => Layer::Relu(Relu::new()),
        });
        Self::of(layers.collect(), spec)
    }

    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &HeadSpec,
        source: &mut dyn TensorSource,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let layers = spec.layers.iter().map(|layer| {
            Ok(match layer {
                HeadLayerSpec::Linear(linear) => {
                    Layer::Linear(linear::load(linear, source, device)?)
                }
                HeadLayerSpec::Norm(norm) => {
                    Layer::Norm(norm::of(take_norm(norm, source)?, device))
                }
                _ => Layer::Relu(Relu::new()),
            })
        });
        Ok(Self::of(layers.collect::<Result<_, WeightError>>()?, spec))
    }

    fn of(layers: Vec<Layer>, spec: &HeadSpec) -> Self {
        let pool = spec.pool.as_ref();
        Self {
            pool: pool.map(|_| AdaptiveAvgPool2dConfig::new([1, 1]).init()),
            layers,
            spec: spec.clone(),
        }
    }

    /// Feature maps `[batch, channels, height, width]` to the features that the layers take, `[batch, features]`.
    pub(super) fn embedding(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<2> {
        let x = match (&self.pool, &self.spec.pool) {
            (Some(pool), Some(name)) => {
                let means = pool.forward(x.clone());
                let x = match self.spec.kind {
                    Head::ConcatPool => Tensor::cat(vec![largest(x), means], 1),
                    _ => means,
                };
                observer.see(name, Output::Map(&x));
                x
            }
            _ => x,
        };
        let x = x.flatten(1, 3);
        observer.see(&self.spec.flatten, Output::Vector(&x));
        x
    }

    /// Feature maps `[batch, channels, height, width]` to logits `[batch, classes]`, or to features where there are none.
    pub(super) fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<2> {
        let mut x = self.embedding(x, observer);
        for (layer, spec) in self.layers.iter().zip(&self.spec.layers) {
            x = match layer {
                Layer::Linear(linear) => linear.forward(x),
                Layer::Norm(norm) => norm.forward(x),
                Layer::Relu(relu) => relu.forward(x),
            };
            observer.see(spec.name(), Output::Vector(&x));
        }
        x
    }
}

/// Each channel's largest value: `[batch, channels, 1, 1]`.
fn largest(x: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    x.reshape([batch, channels, height * width])
        .max_dim(2)
        .reshape([batch, channels, 1, 1])
}
