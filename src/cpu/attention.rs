//! Channel attention: a gate for each channel of a map, calculated from the channels' means.

use burn::prelude::*;

use super::linear::Linear;
use super::ops::{across_channels, mean, sigmoid};
use crate::observe::{Observer, Output};
use crate::resnet::spec::{AttentionKind, AttentionSpec};
use crate::weights::folded_head::FoldedLinear;
use crate::weights::{TensorSource, WeightError};

/// Squeeze-and-excitation or efficient channel attention, as the spec says.
#[derive(Debug)]
pub(super) struct Attention {
    layers: Layers,
    /// The name of the sigmoid.
    gate: String,
}

#[derive(Debug)]
enum Layers {
    SqueezeExcite {
        reduce: Linear,
        expand: Linear,
    },
    /// A convolution over the channels.
    EfficientChannel {
        name: String,
        kernel: Vec<f32>,
    },
}

impl Attention {
    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &AttentionSpec,
        source: &mut dyn TensorSource,
    ) -> Result<Self, WeightError> {
        let layers = match &spec.kind {
            AttentionKind::SqueezeExcite {
                reduce,
                relu,
                expand,
            } => {
                let mut reduce = FoldedLinear::of(reduce);
                reduce.relu = Some(relu);
                Layers::SqueezeExcite {
                    reduce: Linear::load(reduce, source)?,
                    expand: Linear::load(FoldedLinear::of(expand), source)?,
                }
            }
            AttentionKind::EfficientChannel { convolution, .. } => {
                let tensors = spec.tensors();
                let mut taken = tensors.iter().map(|own| source.take(&own.name, &own.shape));
                Layers::EfficientChannel {
                    name: convolution.clone(),
                    kernel: taken.next().transpose()?.unwrap_or_default(),
                }
            }
        };
        Ok(Self {
            layers,
            gate: spec.gate.clone(),
        })
    }

    /// Maps `[batch, channels, height, width]` to a number from 0 to 1 for each channel, `[batch, channels]`.
    pub(super) fn gate(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<2> {
        let means = mean(x).flatten(1, 3);
        let x = match &self.layers {
            Layers::SqueezeExcite { reduce, expand } => {
                expand.forward(reduce.forward(means, observer), observer)
            }
            Layers::EfficientChannel { name, kernel } => {
                let x = across_channels(means, kernel);
                observer.see(name, Output::Vector(&x));
                x
            }
        };
        let gate = sigmoid(x);
        observer.see(&self.gate, Output::Vector(&gate));
        gate
    }
}
