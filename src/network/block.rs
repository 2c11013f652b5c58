//! The residual block: `relu(F(x) + x)` (He et al. 2015, equation 1).

use crate::ops::residual::add_relu;
use burn::module::Module;
use burn::prelude::*;

use super::conv_norm::{ConvNorm, NormMode};
use super::observe::{Observer, Output};
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
    /// Takes the tensors that `spec` names out of `source`.
    ///
    /// # Errors
    /// What the source finds wrong with a tensor.
    pub fn load(
        spec: &BlockSpec,
        source: &mut dyn TensorSource,
        mode: NormMode,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let mut load = |conv| ConvNorm::load(conv, source, mode, device);
        Ok(Self {
            convolutions: spec
                .convolutions
                .iter()
                .map(&mut load)
                .collect::<Result<_, _>>()?,
            shortcut: spec.shortcut.as_ref().map(&mut load).transpose()?,
            spec: spec.clone(),
        })
    }

    /// `[batch, channels, height, width]` to `[batch, channels out, height / stride, width / stride]`.
    ///
    /// # Errors
    /// [`ShapeError`] where the input has other channels than the block takes, or its two branches do not meet.
    pub fn forward(
        &self,
        x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<4>, ShapeError> {
        let [_, channels, height, width] = x.dims();
        if channels != self.spec.input_channels() {
            return Err(ShapeError::Channels {
                expected: self.spec.input_channels(),
                found: channels,
            });
        }
        self.spec.output_size([height, width])?;

        let (last, first) = match self.convolutions.split_last() {
            Some(convolutions) => convolutions,
            None => return Ok(x),
        };
        let mut residual = x.clone();
        for convolution in first {
            residual = convolution.forward(residual, observer);
        }
        if !observer.is_watching() && last.is_folded() {
            let shortcut = match &self.shortcut {
                Some(projection) => projection.forward(x, observer),
                None => x,
            };
            return Ok(last.forward_onto(residual, shortcut));
        }
        residual = last.forward(residual, observer);
        let shortcut = match &self.shortcut {
            Some(projection) => projection.forward(x, observer),
            None => x,
        };
        let y = add_relu(residual, shortcut);
        observer.see(&self.spec.relu, Output::Map(&y));
        if !self.spec.name.is_empty() {
            observer.see(&self.spec.name, Output::Map(&y));
        }
        Ok(y)
    }
}
