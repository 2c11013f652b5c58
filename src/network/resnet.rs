//! The whole network: stem, stages of residual blocks, head.

use burn::module::Module;
use burn::prelude::*;
use burn::tensor::activation::{sigmoid, softmax};

use super::block::ResidualBlock;
use super::conv_norm::ConvNorm;
use super::head::ClassifierHead;
use super::norm::NormRelu;
use super::pool::pool;
use crate::observe::{Observer, Output, Unobserved};
use crate::resnet::spec::{NetworkSpec, ShapeError, StageSpec};
use crate::weights::{TensorSource, WeightError};

/// A ResNet as a burn module: see the [module's documentation](super).
#[derive(Module, Debug)]
pub struct ResNet {
    stem: Vec<ConvNorm>,
    stages: Vec<Stage>,
    final_norm: Option<NormRelu>,
    head: ClassifierHead,
    #[module(skip)]
    spec: NetworkSpec,
}

/// Residual blocks of one resolution.
#[derive(Module, Debug)]
struct Stage {
    blocks: Vec<ResidualBlock>,
    #[module(skip)]
    name: String,
}

impl ResNet {
    /// The network that `spec` describes with random weights, to train from.
    ///
    /// As in torchvision's ResNets, convolutions have Kaiming's normal distribution (He et al., "Delving Deep into
    /// Rectifiers", 2015) by fan-out, with the gain of ReLU; batch norms begin as the identity. Linear layers, those of
    /// attention among them, and the biases of convolutions have PyTorch's default, uniform within `±1 / sqrt(fan in)`.
    pub fn init(spec: NetworkSpec, device: &Device) -> Self {
        let stem = spec.stem.convolutions.iter();
        let stages = spec.stages.iter();
        let norm = spec.final_norm.as_ref();
        Self {
            stem: stem.map(|conv| ConvNorm::init(conv, device)).collect(),
            stages: stages.map(|stage| Stage::init(stage, device)).collect(),
            final_norm: norm.map(|norm| NormRelu::init(norm, device)),
            head: ClassifierHead::init(&spec.head, device),
            spec,
        }
    }

    /// The network that `spec` describes, on `device`, with the tensors of `source`.
    ///
    /// # Errors
    /// What the source finds wrong with a tensor.
    pub fn load(
        spec: NetworkSpec,
        source: &mut dyn TensorSource,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let stem = spec.stem.convolutions.iter();
        let stem = stem
            .map(|conv| ConvNorm::load(conv, source, device))
            .collect::<Result<_, _>>()?;
        let stages = spec.stages.iter();
        let stages = stages.map(|stage| Stage::load(stage, source, device));
        let stages = stages.collect::<Result<_, _>>()?;
        let norm = spec.final_norm.as_ref();
        let norm = norm.map(|norm| NormRelu::load(norm, source, device));
        Ok(Self {
            stem,
            stages,
            final_norm: norm.transpose()?,
            head: ClassifierHead::load(&spec.head, source, device)?,
            spec,
        })
    }

    /// The network's layers, names and shapes.
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// Images `[batch, channels, height, width]` to logits `[batch, classes]`. Without a head, to what
    /// [`embedding`](Self::embedding) returns.
    ///
    /// # Errors
    /// [`ShapeError`] if the input does not fit the network.
    pub fn forward(&self, x: Tensor<4>) -> Result<Tensor<2>, ShapeError> {
        self.forward_observed(x, &mut Unobserved)
    }

    /// As [`forward`](Self::forward), showing `observer` each layer's output.
    ///
    /// # Errors
    /// [`ShapeError`] if the input does not fit the network.
    pub fn forward_observed(
        &self,
        x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<2>, ShapeError> {
        let features = self.features_observed(x, observer)?;
        Ok(self.head.forward(features, observer))
    }

    /// Images `[batch, channels, height, width]` to the last stage's feature maps
    /// `[batch, channels, height / 32, width / 32]`, or less small ones for networks of small images: the network as a
    /// backbone.
    ///
    /// # Errors
    /// [`ShapeError`] if the input does not fit the network.
    pub fn features(&self, x: Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        self.features_observed(x, &mut Unobserved)
    }

    /// Images `[batch, channels, height, width]` to the pooled features `[batch, features]`, which the head's layers take.
    ///
    /// # Errors
    /// [`ShapeError`] if the input does not fit the network.
    pub fn embedding(&self, x: Tensor<4>) -> Result<Tensor<2>, ShapeError> {
        let features = self.features(x)?;
        Ok(self.head.embedding(features, &mut Unobserved))
    }

    fn features_observed(
        &self,
        mut x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<4>, ShapeError> {
        self.spec.check_input(x.dims())?;
        for convolution in &self.stem {
            x = convolution.forward(x, observer);
        }
        if let Some(container) = &self.spec.stem.container {
            observer.see(container, Output::Map(&x));
        }
        for spec in &self.spec.stem.pools {
            x = pool(x, spec, observer);
        }
        for stage in &self.stages {
            for block in &stage.blocks {
                x = block.forward(x, observer)?;
            }
            observer.see(&stage.name, Output::Map(&x));
        }
        if let Some(norm) = &self.final_norm {
            x = norm.forward(x, observer);
        }
        Ok(x)
    }

    /// Images `[batch, channels, height, width]` to probabilities `[batch, classes]`: softmax, or the sigmoid of a single
    /// logit. Without a head, to what [`embedding`](Self::embedding) returns.
    ///
    /// # Errors
    /// [`ShapeError`] if the input does not fit the network.
    pub fn probabilities(
        &self,
        x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<2>, ShapeError> {
        let logits = self.forward_observed(x, observer)?;
        let head = &self.spec.head;
        let Some(activation) = &head.activation else {
            return Ok(logits);
        };
        let probabilities = if head.classes == 1 {
            sigmoid(logits)
        } else {
            softmax(logits, 1)
        };
        observer.see(activation, Output::Vector(&probabilities));
        if let Some(container) = &head.container {
            observer.see(container, Output::Vector(&probabilities));
        }
        Ok(probabilities)
    }
}

impl Stage {
    fn init(spec: &StageSpec, device: &Device) -> Self {
        let blocks = spec.blocks.iter();
        Self {
            blocks: blocks
                .map(|block| ResidualBlock::init(block, device))
                .collect(),
            name: spec.name.clone(),
        }
    }

    fn load(
        spec: &StageSpec,
        source: &mut dyn TensorSource,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let blocks = spec.blocks.iter();
        let blocks = blocks.map(|block| ResidualBlock::load(block, source, device));
        Ok(Self {
            blocks: blocks.collect::<Result<_, _>>()?,
            name: spec.name.clone(),
        })
    }
}
