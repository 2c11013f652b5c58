//! The residual block: `relu(F(x) + x)` (He et al. 2015, equation 1).

use burn::prelude::*;

use super::convolution::Convolution;
use super::ops::add_relu;
use crate::observe::{Observer, Output};
use crate::resnet::conv::Arithmetic;
use crate::resnet::spec::{BlockSpec, ShapeError};
use crate::weights::{TensorSource, WeightError};

/// A block with or without a bottleneck: they differ in the list of convolutions alone.
#[derive(Debug)]
pub struct CpuBlock {
    convolutions: Vec<Convolution>,
    shortcut: Option<Convolution>,
    spec: BlockSpec,
}

impl CpuBlock {
    /// Takes the tensors that `spec` names out of `source`.
    ///
    /// # Errors
    /// What the source finds wrong with a tensor.
    pub fn load(
        spec: &BlockSpec,
        source: &mut dyn TensorSource,
        arithmetic: Arithmetic,
    ) -> Result<Self, WeightError> {
        let mut load = |conv| Convolution::load(conv, source, arithmetic);
        Ok(Self {
            convolutions: spec
                .convolutions
                .iter()
                .map(&mut load)
                .collect::<Result<_, _>>()?,
            shortcut: spec.projection().map(&mut load).transpose()?,
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
        let (last, first) = match self.convolutions.split_last() {
            Some(convolutions) => convolutions,
            None => return Ok(x),
        };
        let mut residual = x.clone();
        for convolution in first {
            residual = convolution.forward(residual, observer);
        }
        if !observer.is_watching() {
            let shortcut = match &self.shortcut {
                Some(projection) => projection.forward(x, observer),
                None => x,
            };
            return Ok(last.forward_residual(residual, shortcut));
        }
        residual = last.forward(residual, observer);
        let shortcut = match &self.shortcut {
            Some(projection) => projection.forward(x, observer),
            None => x,
        };
        let y = add_relu(residual, shortcut);
        if let Some(name) = &self.spec.relu {
            observer.see(name, Output::Map(&y));
        }
        if !self.spec.name.is_empty() {
            observer.see(&self.spec.name, Output::Map(&y));
        }
        Ok(y)
    }
}
