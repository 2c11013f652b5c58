//! Weights for a map's channels: squeeze-and-excitation, efficient channel attention.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::nn::{Linear, PaddingConfig1d};
use burn::prelude::*;
use burn::tensor::activation::{relu, sigmoid};

use super::linear;
use crate::observe::{Observer, Output};
use crate::resnet::spec::{AttentionKind, AttentionSpec};
use crate::weights::{TensorSource, WeightError};

/// Multiplies each channel by a number between 0 and 1, which follows from the means of all channels or of its neighbours.
#[derive(Module, Debug)]
pub(super) struct Attention {
    layers: Layers,
    #[module(skip)]
    spec: AttentionSpec,
}

/// From the channels' means to what the sigmoid takes.
#[derive(Module, Debug)]
enum Layers {
    SqueezeExcite(SqueezeExcite),
    EfficientChannel(EfficientChannel),
}

/// Hu et al. 2018, "Squeeze-and-Excitation Networks".
#[derive(Module, Debug)]
struct SqueezeExcite {
    reduce: Linear,
    expand: Linear,
    /// Of the first layer, the ReLU and the second layer.
    #[module(skip)]
    names: [String; 3],
}

/// Wang et al. 2020, "ECA-Net": a convolution over neighbouring channels.
#[derive(Module, Debug)]
struct EfficientChannel {
    convolution: Conv1d,
    #[module(skip)]
    name: String,
}

impl Attention {
    /// Random weights, to train from: see [`ResNet::init`](super::ResNet::init).
    pub(super) fn init(spec: &AttentionSpec, device: &Device) -> Self {
        let layers = match &spec.kind {
            AttentionKind::SqueezeExcite {
                reduce,
                relu,
                expand,
            } => Layers::SqueezeExcite(SqueezeExcite {
                reduce: linear::init(reduce, device),
                expand: linear::init(expand, device),
                names: [&reduce.name, relu, &expand.name].map(String::clone),
            }),
            AttentionKind::EfficientChannel {
                convolution,
                kernel,
            } => {
                // Zeros beyond the first channel and the last.
                let zeros = PaddingConfig1d::Explicit(kernel / 2, kernel / 2);
                let config = Conv1dConfig::new(1, 1, *kernel).with_padding(zeros);
                Layers::EfficientChannel(EfficientChannel {
                    convolution: config.with_bias(false).init(device),
                    name: convolution.clone(),
                })
            }
        };
        Self {
            layers,
            spec: spec.clone(),
        }
    }

    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &AttentionSpec,
        source: &mut dyn TensorSource,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let mut this = Self::init(spec, device);
        match (&mut this.layers, &spec.kind) {
            (
                Layers::SqueezeExcite(layers),
                AttentionKind::SqueezeExcite { reduce, expand, .. },
            ) => {
                layers.reduce = linear::load(reduce, source, device)?;
                layers.expand = linear::load(expand, source, device)?;
            }
            (Layers::EfficientChannel(layer), _) => {
                for tensor in spec.tensors() {
                    let values = source.take(&tensor.name, &tensor.shape)?;
                    let values = TensorData::new(values, tensor.shape);
                    let weight = Tensor::from_data(values, device);
                    layer.convolution.weight = Param::from_tensor(weight);
                }
            }
            _ => {}
        }
        Ok(this)
    }

    /// Feature maps to feature maps of the same shape.
    pub(super) fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        let means = x.clone().reshape([batch, channels, height * width]);
        let means = means.mean_dim(2).reshape([batch, channels]);
        let weights = match &self.layers {
            Layers::SqueezeExcite(layers) => {
                let [reduce, between, expand] = &layers.names;
                let y = layers.reduce.forward(means);
                see(reduce, &y, observer);
                let y = relu(y);
                see(between, &y, observer);
                let y = layers.expand.forward(y);
                see(expand, &y, observer);
                y
            }
            Layers::EfficientChannel(EfficientChannel { convolution, name }) => {
                let y = convolution.forward(means.reshape([batch, 1, channels]));
                let y = y.reshape([batch, channels]);
                see(name, &y, observer);
                y
            }
        };
        let weights = sigmoid(weights);
        see(&self.spec.gate, &weights, observer);
        let x = x * weights.reshape([batch, channels, 1, 1]);
        observer.see(&self.spec.name, Output::Map(&x));
        x
    }
}

/// Shows a number for each channel as a map of one pixel, as PyTorch has it.
fn see(name: &str, values: &Tensor<2>, observer: &mut dyn Observer) {
    if observer.is_watching() {
        let [batch, channels] = values.dims();
        let map = values.clone().reshape([batch, channels, 1, 1]);
        observer.see(name, Output::Map(&map));
    }
}
