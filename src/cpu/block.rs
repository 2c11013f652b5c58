//! The residual block: `relu(F(x) + x)` (He et al. 2015, equation 1), or with the ReLU before the convolutions.

use burn::prelude::*;

use super::attention::Attention;
use super::convolution::Convolution;
use super::norm::Norm;
use super::ops::{add, gate_add, pool};
use super::shortcut::Shortcut;
use crate::observe::{Observer, Output};
use crate::resnet::conv::Arithmetic;
use crate::resnet::spec::{BlockSpec, ShapeError};
use crate::weights::{TensorSource, WeightError};

/// A block of any kind: they differ in the list of convolutions, and in what else there is.
#[derive(Debug)]
pub struct CpuBlock {
    pre_activation: Option<Norm>,
    convolutions: Vec<Convolution>,
    attention: Option<Attention>,
    shortcut: Option<Shortcut>,
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
        let norm = spec.pre_activation.as_ref();
        let pre_activation = norm.map(|norm| Norm::load(norm, source)).transpose()?;
        let convolutions = spec.convolutions.iter();
        let convolutions = convolutions
            .map(|conv| Convolution::load(conv, source, arithmetic))
            .collect::<Result<_, _>>()?;
        let attention = spec.attention.as_ref();
        let attention = attention.map(|attention| Attention::load(attention, source));
        let attention = attention.transpose()?;
        let shortcut = spec.shortcut.as_ref();
        let shortcut = shortcut.map(|shortcut| Shortcut::load(shortcut, source, arithmetic));
        Ok(Self {
            pre_activation,
            convolutions,
            attention,
            shortcut: shortcut.transpose()?,
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
        let (mut residual, x) = match &self.pre_activation {
            Some(norm) => {
                let normalised = norm.forward(x.clone(), observer);
                let shortcut = self.shortcut.as_ref();
                let x = if shortcut.is_some_and(Shortcut::is_after_pre_activation) {
                    normalised.clone()
                } else {
                    x
                };
                (normalised, x)
            }
            None => (x.clone(), x),
        };
        for (place, convolution) in first.iter().enumerate() {
            residual = convolution.forward(residual, observer);
            if let Some(spec) = self.spec.pool_after(place) {
                residual = pool(residual, spec);
                observer.see(&spec.name, Output::Map(&residual));
            }
        }
        let relu = self.spec.relu.is_some();
        if !observer.is_watching() && self.attention.is_none() {
            let shortcut = self.shortcut(x, observer);
            return Ok(last.forward_residual(residual, shortcut, relu));
        }
        residual = last.forward(residual, observer);
        let y = match &self.attention {
            Some(attention) => {
                let gate = attention.gate(residual.clone(), observer);
                gate_add(residual, gate, self.shortcut(x, observer), relu)
            }
            None => add(residual, self.shortcut(x, observer), relu),
        };
        if let Some(name) = &self.spec.relu {
            observer.see(name, Output::Map(&y));
        }
        if !self.spec.name.is_empty() {
            observer.see(&self.spec.name, Output::Map(&y));
        }
        Ok(y)
    }

    fn shortcut(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<4> {
        match &self.shortcut {
            Some(shortcut) => shortcut.forward(x, observer),
            None => x,
        }
    }
}
