//! The residual block: `relu(F(x) + x)` (He et al. 2015, equation 1).

use burn::module::Module;
use burn::prelude::*;
use burn::tensor::activation::relu;

use super::conv_norm::ConvNorm;
use crate::observe::{Observer, Output};
use crate::resnet::spec::{BlockSpec, ShapeError};
use crate::weights::{TensorSource, WeightError};

/// A block with or without a bottleneck: they differ in the list of convolutions alone.
#[derive(Module, Debug)]
pub struct ResidualBlock {
    convolutions: Vec<ConvNorm>,
    shortcut: Option<ConvNorm>,
    #[module(skip)]
    spec: BlockSpec,
}

impl ResidualBlock {
    /// Random weights, to train from: see [`ResNet::init`](super::ResNet::init).
    pub fn init(spec: &BlockSpec, device: &Device) -> Self {
        let init = |conv| ConvNorm::init(conv, device);
        Self {
            convolutions: spec.convolutions.iter().map(init).collect(),
            shortcut: spec.projection().map(init),
            spec: spec.clone(),
        }
    }

    /// Takes the tensors that `spec` names out of `source`.
    ///
    /// # Errors
    /// What the source finds wrong with a tensor.
    pub fn load(
        spec: &BlockSpec,
        source: &mut dyn TensorSource,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let mut load = |conv| ConvNorm::load(conv, source, device);
        Ok(Self {
            convolutions: spec
                .convolutions
                .iter()
                .map(&mut load)
                .collect::<Result<_, _>>()?,
            shortcut: spec.projection().map(load).transpose()?,
            spec: spec.clone(),
        })
    }

    /// `[batch, channels, height, width]` to `[batch, channels out, height / stride, width / stride]`.
    ///
    /// # Errors
    /// [`ShapeError`] if the input has another number of channels, or the outputs of the two branches differ in size.
    pub fn forward(
        &self,
        x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<4>, ShapeError> {
        self.spec.check_input(x.dims())?;
        let mut residual = x.clone();
        for convolution in &self.convolutions {
            residual = convolution.forward(residual, observer);
        }
        let shortcut = match &self.shortcut {
            Some(projection) => projection.forward(x, observer),
            None => x,
        };
        let mut y = residual + shortcut;
        if let Some(name) = &self.spec.relu {
            y = relu(y);
            observer.see(name, Output::Map(&y));
        }
        if !self.spec.name.is_empty() {
            observer.see(&self.spec.name, Output::Map(&y));
        }
        Ok(y)
    }
}
