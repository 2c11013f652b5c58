//! The residual block: `relu(F(x) + x)` (He et al. 2015, equation 1), or `F(relu(norm(x))) + x` (He et al. 2016, "Identity
//! Mappings in Deep Residual Networks").

use burn::module::Module;
use burn::prelude::*;
use burn::tensor::activation::relu;

use super::attention::Attention;
use super::conv_norm::ConvNorm;
use super::norm::NormRelu;
use super::pool::{pool, zero_padded};
use crate::observe::{Observer, Output};
use crate::resnet::spec::{BlockSpec, ShapeError, ShortcutSpec};
use crate::weights::{TensorSource, WeightError};

/// A block with or without a bottleneck, and whatever else its spec has.
#[derive(Module, Debug)]
pub struct ResidualBlock {
    pre_activation: Option<NormRelu>,
    convolutions: Vec<ConvNorm>,
    attention: Option<Attention>,
    shortcut: Option<ConvNorm>,
    #[module(skip)]
    spec: BlockSpec,
}

impl ResidualBlock {
    /// Random weights, to train from: see [`ResNet::init`](super::ResNet::init).
    pub fn init(spec: &BlockSpec, device: &Device) -> Self {
        let init = |conv| ConvNorm::init(conv, device);
        let norm = spec.pre_activation.as_ref();
        let attention = spec.attention.as_ref();
        Self {
            pre_activation: norm.map(|norm| NormRelu::init(norm, device)),
            convolutions: spec.convolutions.iter().map(init).collect(),
            attention: attention.map(|attention| Attention::init(attention, device)),
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
        let norm = spec.pre_activation.as_ref();
        let pre_activation = norm.map(|norm| NormRelu::load(norm, source, device));
        let convolutions = spec.convolutions.iter();
        let convolutions = convolutions.map(|conv| ConvNorm::load(conv, source, device));
        let convolutions = convolutions.collect::<Result<_, _>>()?;
        let attention = spec.attention.as_ref();
        let attention = attention.map(|attention| Attention::load(attention, source, device));
        let shortcut = spec.projection();
        let shortcut = shortcut.map(|conv| ConvNorm::load(conv, source, device));
        Ok(Self {
            pre_activation: pre_activation.transpose()?,
            convolutions,
            attention: attention.transpose()?,
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
        let activated = match &self.pre_activation {
            Some(norm) => norm.forward(x.clone(), observer),
            None => x.clone(),
        };
        let mut residual = activated.clone();
        for (place, convolution) in self.convolutions.iter().enumerate() {
            residual = convolution.forward(residual, observer);
            if let Some(spec) = self.spec.pool_after(place) {
                residual = pool(residual, spec, observer);
            }
        }
        if let Some(attention) = &self.attention {
            residual = attention.forward(residual, observer);
        }
        let mut y = residual + self.shortcut(x, activated, observer);
        if let Some(name) = &self.spec.relu {
            y = relu(y);
            observer.see(name, Output::Map(&y));
        }
        if !self.spec.name.is_empty() {
            observer.see(&self.spec.name, Output::Map(&y));
        }
        Ok(y)
    }

    /// What is added to the residual: of the block's input, or of what its first convolution reads.
    fn shortcut(
        &self,
        x: Tensor<4>,
        activated: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Tensor<4> {
        match (&self.spec.shortcut, &self.shortcut) {
            (Some(ShortcutSpec::Projection { pool: spec, .. }), Some(projection)) => {
                let x = match spec {
                    Some(spec) => pool(activated, spec, observer),
                    None => activated,
                };
                projection.forward(x, observer)
            }
            (
                Some(ShortcutSpec::ZeroPadded {
                    name,
                    stride,
                    before,
                    after,
                }),
                _,
            ) => {
                let x = zero_padded(x, *stride, (*before, *after));
                observer.see(name, Output::Map(&x));
                x
            }
            _ => x,
        }
    }
}
