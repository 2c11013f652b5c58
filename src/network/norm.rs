//! Batch norm.

use burn::module::{Module, Param, RunningState};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::prelude::*;
use burn::tensor::activation::relu;

use crate::observe::{Observer, Output};
use crate::resnet::fold::{EPSILON, NormTensors};
use crate::resnet::spec::NormSpec;
use crate::weights::folded::take_norm;
use crate::weights::{TensorSource, WeightError};

/// Batch norm of pre-activation, and the ReLU after it where the spec has one.
#[derive(Module, Debug)]
pub(super) struct NormRelu {
    norm: BatchNorm,
    #[module(skip)]
    spec: NormSpec,
}

impl NormRelu {
    /// The identity, to train from: see [`ResNet::init`](super::ResNet::init).
    pub(super) fn init(spec: &NormSpec, device: &Device) -> Self {
        Self {
            norm: init(spec.channels, device),
            spec: spec.clone(),
        }
    }

    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &NormSpec,
        source: &mut dyn TensorSource,
        device: &Device,
    ) -> Result<Self, WeightError> {
        Ok(Self {
            norm: of(take_norm(spec, source)?, device),
            spec: spec.clone(),
        })
    }

    /// Feature maps to feature maps of the same shape.
    pub(super) fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<4> {
        let x = self.norm.forward(x);
        observer.see(&self.spec.name, Output::Map(&x));
        let Some(name) = &self.spec.relu else {
            return x;
        };
        let x = relu(x);
        observer.see(name, Output::Map(&x));
        x
    }
}

/// The identity.
pub(super) fn init(channels: usize, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels)
        .with_epsilon(EPSILON)
        .init(device)
}

/// A batch norm of these tensors.
pub(super) fn of(tensors: NormTensors, device: &Device) -> BatchNorm {
    let channels = tensors.gamma.len();
    let vector = |values| Tensor::from_data(TensorData::new(values, [channels]), device);
    // Parameters are initialised when they are read first, and these never are.
    let mut norm = init(channels, device);
    norm.gamma = Param::from_tensor(vector(tensors.gamma));
    norm.beta = Param::from_tensor(vector(tensors.beta));
    norm.running_mean = RunningState::new(vector(tensors.mean));
    norm.running_var = RunningState::new(vector(tensors.variance));
    norm
}
