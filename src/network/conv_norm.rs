//! A convolution with its batch norm.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, Initializer, PaddingConfig2d};
use burn::prelude::*;
use burn::tensor::activation::relu;

use super::norm;
use crate::observe::{Observer, Output};
use crate::resnet::spec::ConvSpec;
use crate::weights::folded::take_unfolded;
use crate::weights::{TensorSource, WeightError};

/// A convolution, then batch norm and ReLU where the spec has them.
#[derive(Module, Debug)]
pub(super) struct ConvNorm {
    conv: Conv2d,
    norm: Option<BatchNorm>,
    #[module(skip)]
    spec: ConvSpec,
}

impl ConvNorm {
    /// Random weights, to train from: see [`ResNet::init`](super::ResNet::init).
    pub(super) fn init(spec: &ConvSpec, device: &Device) -> Self {
        let ConvSpec {
            input_channels,
            output_channels,
            kernel,
            padding,
            groups,
            ..
        } = *spec;
        // burn's Kaiming initialisation divides the fan-out by the groups, PyTorch's does not.
        let fan_out = output_channels * kernel * kernel;
        let std = (2.0 / fan_out as f64).sqrt();
        let mut conv = Conv2dConfig::new([input_channels, output_channels], [kernel; 2])
            .with_stride([spec.stride; 2])
            .with_padding(PaddingConfig2d::Explicit(
                padding, padding, padding, padding,
            ))
            .with_groups(groups)
            .with_bias(false)
            .with_initializer(Initializer::Normal { mean: 0.0, std })
            .init(device);
        conv.bias = spec.bias.then(|| {
            let fan_in = input_channels / groups * kernel * kernel;
            let most = 1.0 / (fan_in as f64).sqrt();
            let uniform = Initializer::Uniform {
                min: -most,
                max: most,
            };
            uniform.init([output_channels], device)
        });
        let norm = spec.norm.as_ref();
        Self {
            conv,
            norm: norm.map(|_| norm::init(output_channels, device)),
            spec: spec.clone(),
        }
    }

    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &ConvSpec,
        source: &mut dyn TensorSource,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let (weight, bias, norm) = take_unfolded(spec, source)?;
        // Parameters are initialised when they are read first, and these never are.
        let mut this = Self::init(spec, device);
        let weight = TensorData::new(weight, spec.shape().weight());
        this.conv.weight = Param::from_tensor(Tensor::from_data(weight, device));
        this.conv.bias = bias.map(|bias| {
            let bias = TensorData::new(bias, [spec.output_channels]);
            Param::from_tensor(Tensor::from_data(bias, device))
        });
        this.norm = norm.map(|norm| norm::of(norm, device));
        Ok(this)
    }

    /// `[batch, channels in, height, width]` to `[batch, channels out, height / stride, width / stride]`.
    pub(super) fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<4> {
        let mut x = self.conv.forward(x);
        observer.see(&self.spec.name, Output::Map(&x));
        if let (Some(norm), Some(name)) = (&self.norm, &self.spec.norm) {
            x = norm.forward(x);
            observer.see(name, Output::Map(&x));
        }
        let Some(name) = &self.spec.relu else {
            return x;
        };
        let x = relu(x);
        observer.see(name, Output::Map(&x));
        x
    }
}
