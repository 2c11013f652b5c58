//! A convolution with its batch norm: the brick of every block.

use burn::module::{Module, Param, RunningState};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::prelude::*;
use burn::tensor::activation::relu;

use super::observe::{Observer, Output};
use crate::ops::conv::{arithmetic_on, conv, conv_onto, pack_weight};
use crate::resnet::conv::{Arithmetic, ConvShape};
use crate::resnet::fold::{EPSILON, NormTensors};
use crate::resnet::spec::ConvSpec;
use crate::weights::folded::{take_folded, take_unfolded};
use crate::weights::{TensorSource, WeightError};

/// What becomes of batch norm when a network is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormMode {
    /// Folded into the convolution before it: for inference.
    Folded,
    /// The same, and convolutions calculate in eight bits where the device can.
    FoldedInt8,
    /// A layer of its own, as PyTorch runs it: to look at what goes into it.
    Separate,
}

/// A convolution, then batch norm unless that is folded into it, then ReLU where the spec has one.
#[derive(Module, Debug)]
pub struct ConvNorm {
    /// In the form that the device's convolution takes.
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    norm: Option<BatchNorm>,
    #[module(skip)]
    shape: ConvShape,
    #[module(skip)]
    spec: ConvSpec,
}

/// A tensor of `shape` holding `values`, row by row.
pub(super) fn tensor<const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

impl ConvNorm {
    /// Takes the tensors that `spec` names out of `source`.
    ///
    /// # Errors
    /// What the source finds wrong with a tensor.
    pub fn load(
        spec: &ConvSpec,
        source: &mut dyn TensorSource,
        mode: NormMode,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let (weight, bias, norm) = match mode {
            NormMode::Folded | NormMode::FoldedInt8 => {
                let (weight, bias) = take_folded(spec, source)?;
                (weight, bias, None)
            }
            NormMode::Separate => {
                let (weight, own_bias, norm) = take_unfolded(spec, source)?;
                let bias = own_bias.unwrap_or_else(|| vec![0.0; spec.output_channels]);
                (weight, bias, Some(batch_norm(norm, device)))
            }
        };
        let length = weight.len();
        let mut shape = spec.shape();
        if mode == NormMode::FoldedInt8 {
            shape.arithmetic = arithmetic_on(device, Arithmetic::Int8);
        }
        let weight = pack_weight(tensor(weight, [length], device), shape);
        Ok(Self {
            weight: Param::from_tensor(weight),
            bias: Param::from_tensor(tensor(bias, [spec.output_channels], device)),
            norm,
            shape,
            spec: spec.clone(),
        })
    }

    /// `[batch, input_channels, height, width]` to `[batch, output_channels, height / stride, width / stride]`.
    pub fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<4> {
        if !observer.is_watching() && self.is_folded() {
            return self.convolve(x, self.spec.relu.is_some());
        }
        let mut x = self.convolve(x, false);
        if let Some(norm) = &self.norm {
            observer.see(&self.spec.name, Output::Map(&x));
            x = norm.forward(x);
        }
        observer.see(&self.spec.norm, Output::Map(&x));
        if let Some(name) = &self.spec.relu {
            x = relu(x);
            observer.see(name, Output::Map(&x));
        }
        x
    }

    /// Whether batch norm is folded into the convolution.
    pub fn is_folded(&self) -> bool {
        self.norm.is_none()
    }

    /// `relu(convolution + shortcut)` in one, unseen: the end of a block whose batch norm is folded.
    pub fn forward_onto(&self, x: Tensor<4>, shortcut: Tensor<4>) -> Tensor<4> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        conv_onto(x, weight, bias, shortcut, self.shape)
    }

    fn convolve(&self, x: Tensor<4>, relu: bool) -> Tensor<4> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        conv(x, weight, bias, self.shape, relu)
    }
}

fn batch_norm(tensors: NormTensors, device: &Device) -> BatchNorm {
    let channels = tensors.gamma.len();
    let vector = |values| tensor(values, [channels], device);
    BatchNorm {
        gamma: Param::from_tensor(vector(tensors.gamma)),
        beta: Param::from_tensor(vector(tensors.beta)),
        running_mean: RunningState::new(vector(tensors.mean)),
        running_var: RunningState::new(vector(tensors.variance)),
        ..BatchNormConfig::new(channels)
            .with_epsilon(EPSILON)
            .init(device)
    }
}
