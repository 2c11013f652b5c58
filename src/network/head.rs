//! From the last stage's feature maps to logits.

use burn::module::{Module, Param};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::prelude::*;

use crate::observe::{Observer, Output};
use crate::resnet::spec::HeadSpec;
use crate::weights::{TensorSource, WeightError};

/// Average pool where the spec has one, flattening, and the linear layer.
#[derive(Module, Debug)]
pub(super) struct ClassifierHead {
    pool: Option<AdaptiveAvgPool2d>,
    linear: Linear,
    #[module(skip)]
    spec: HeadSpec,
}

impl ClassifierHead {
    /// Random weights, to train from: see [`ResNet::init`](super::ResNet::init).
    pub(super) fn init(spec: &HeadSpec, device: &Device) -> Self {
        let [features, classes] = spec.linear_size();
        let pool = spec.pool.as_ref();
        Self {
            pool: pool.map(|_| AdaptiveAvgPool2dConfig::new([1, 1]).init()),
            linear: LinearConfig::new(features, classes).init(device),
            spec: spec.clone(),
        }
    }

    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &HeadSpec,
        source: &mut dyn TensorSource,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let [weight, bias] = spec.tensors();
        let weight = source.take(&weight.name, &weight.shape)?;
        let bias = source.take(&bias.name, &bias.shape)?;
        let [features, classes] = spec.linear_size();
        let weight = Tensor::<2>::from_data(TensorData::new(weight, [classes, features]), device);
        let bias = Tensor::from_data(TensorData::new(bias, [classes]), device);
        let mut this = Self::init(spec, device);
        // PyTorch stores `[out, in]`, burn `[in, out]`.
        this.linear.weight = Param::from_tensor(weight.transpose());
        this.linear.bias = Some(Param::from_tensor(bias));
        Ok(this)
    }

    /// Feature maps `[batch, channels, height, width]` to logits `[batch, classes]`.
    pub(super) fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<2> {
        let x = match (&self.pool, &self.spec.pool) {
            (Some(pool), Some(name)) => {
                let x = pool.forward(x);
                observer.see(name, Output::Map(&x));
                x
            }
            _ => x,
        };
        let x = x.flatten(1, 3);
        observer.see(&self.spec.flatten, Output::Vector(&x));
        let logits = self.linear.forward(x);
        observer.see(&self.spec.linear, Output::Vector(&logits));
        logits
    }
}
