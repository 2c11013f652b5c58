//! The whole network: stem, four stages of residual blocks, head.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::prelude::*;
use burn::tensor::activation::{sigmoid, softmax};

use super::block::ResidualBlock;
use super::conv_norm::ConvNorm;
use super::head::ClassifierHead;
use crate::observe::{Observer, Output, Unobserved};
use crate::resnet::spec::{NetworkSpec, ShapeError, StageSpec};
use crate::weights::{TensorSource, WeightError};

/// A ResNet as a burn module: see the [module's documentation](super).
#[derive(Module, Debug)]
pub struct ResNet {
    stem: Vec<ConvNorm>,
    pool: MaxPool2d,
    stages: Vec<Stage>,
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
    /// Rectifiers", 2015) by fan-out, with the gain of ReLU; batch norms begin as the identity. The linear layer and the
    /// biases of convolutions have PyTorch's default, uniform within `±1 / sqrt(fan in)`.
    pub fn init(spec: NetworkSpec, device: &Device) -> Self {
        Self {
            stem: spec
                .stem
                .convolutions
                .iter()
                .map(|conv| ConvNorm::init(conv, device))
                .collect(),
            pool: max_pool(),
            stages: spec
                .stages
                .iter()
                .map(|stage| Stage::init(stage, device))
                .collect(),
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
        Ok(Self {
            stem,
            pool: max_pool(),
            stages: stages.collect::<Result<_, _>>()?,
            head: ClassifierHead::load(&spec.head, source, device)?,
            spec,
        })
    }

    /// The network's layers, names and shapes.
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// Images `[batch, channels, height, width]` to logits `[batch, classes]`.
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
    /// `[batch, channels, height / 32, width / 32]`: the network as a backbone.
    ///
    /// # Errors
    /// [`ShapeError`] if the input does not fit the network.
    pub fn features(&self, x: Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        self.features_observed(x, &mut Unobserved)
    }

    fn features_observed(
        &self,
        x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<4>, ShapeError> {
        self.spec.check_input(x.dims())?;
        let mut x = x;
        for convolution in &self.stem {
            x = convolution.forward(x, observer);
        }
        if let Some(container) = &self.spec.stem.container {
            observer.see(container, Output::Map(&x));
        }
        for pool in &self.spec.stem.pools {
            x = self.pool.forward(x);
            observer.see(&pool.name, Output::Map(&x));
        }
        for stage in &self.stages {
            for block in &stage.blocks {
                x = block.forward(x, observer)?;
            }
            observer.see(&stage.name, Output::Map(&x));
        }
        Ok(x)
    }

    /// Images `[batch, channels, height, width]` to probabilities `[batch, classes]`: softmax, or the sigmoid of a single
    /// logit; the features where the network has no classes.
    ///
    /// # Errors
    /// [`ShapeError`] if the input does not fit the network.
    pub fn probabilities(
        &self,
        x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<2>, ShapeError> {
        let logits = self.forward_observed(x, observer)?;
        let probabilities = match self.spec.head.classes {
            0 => logits,
            1 => sigmoid(logits),
            _ => softmax(logits, 1),
        };
        if let Some(activation) = &self.spec.head.activation {
            observer.see(activation, Output::Vector(&probabilities));
        }
        if let Some(container) = &self.spec.head.container {
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

/// The stem's pool: 3x3, stride 2, padding 1 (He et al. 2015, table 1).
fn max_pool() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3])
        .with_strides([2, 2])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .init()
}
