//! From the last stage's feature maps to logits.

use burn::module::{Module, Param};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::prelude::*;

use crate::observe::{Observer, Output};
use crate::resnet::spec::{HeadSpec, LinearSpec};
use crate::weights::{TensorSource, WeightError};

/// Average pool where the spec has one, flattening, and the linear layer.
#[derive(Module, Debug)]
pub(super) struct ClassifierHead {
    pool: Option<AdaptiveAvgPool2d>,
    linear: Option<Linear>,
    #[module(skip)]
    spec: HeadSpec,
}

impl ClassifierHead {
    /// Random weights, to train from: see [`ResNet::init`](super::ResNet::init).
    pub(super) fn init(spec: &HeadSpec, device: &Device) -> Self {
        let pool = spec.pool.as_ref();
        Self {
            pool: pool.map(|_| AdaptiveAvgPool2dConfig::new([1, 1]).init()),
            linear: spec.last_linear().map(|linear| init(linear, device)),
            spec: spec.clone(),
        }
    }

    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &HeadSpec,
        source: &mut dyn TensorSource,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let mut this = Self::init(spec, device);
        if let (Some(linear), Some(spec)) = (&mut this.linear, spec.last_linear()) {
            let size = [spec.outputs, spec.inputs];
            for tensor in spec.tensors() {
                let values = source.take(&tensor.name, &tensor.shape)?;
                if tensor.shape.len() == 2 {
                    let weight = Tensor::<2>::from_data(TensorData::new(values, size), device);
                    // PyTorch stores `[out, in]`, burn `[in, out]`.
                    linear.weight = Param::from_tensor(weight.transpose());
                } else {
                    let bias = Tensor::from_data(TensorData::new(values, [size[0]]), device);
                    linear.bias = Some(Param::from_tensor(bias));
                }
            }
        }
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
        match (&self.linear, self.spec.last_linear()) {
            (Some(linear), Some(spec)) => {
                let logits = linear.forward(x);
                observer.see(&spec.name, Output::Vector(&logits));
                logits
            }
            _ => x,
        }
    }
}

fn init(spec: &LinearSpec, device: &Device) -> Linear {
    LinearConfig::new(spec.inputs, spec.outputs)
        .with_bias(spec.bias)
        .init(device)
}
