//! The whole network: stem, four stages of residual blocks, head.

use burn::module::{Module, Param};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use burn::prelude::*;
use burn::tensor::activation::{sigmoid, softmax};
use thiserror::Error;

use super::block::ResidualBlock;
use super::conv_norm::{ConvNorm, NormMode, tensor};
use super::observe::{Observer, Output, Unobserved};
use crate::ops::conv::max_pool;
use crate::ops::linear::{linear, linear_row, pack_linear};
use crate::resnet::config::{ConfigError, ResNetConfig};
use crate::resnet::spec::{HeadSpec, NetworkSpec, ShapeError};
use crate::weights::{TensorSource, WeightError};

/// Why a network could not be built.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum BuildError {
    /// No such network.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The weights do not fit it.
    #[error(transparent)]
    Weights(#[from] WeightError),
}

/// A ResNet on a device, ready to run.
#[derive(Module, Debug)]
pub struct ResNet {
    stem: ConvNorm,
    stages: Vec<Stage>,
    head: ClassifierHead,
    #[module(skip)]
    spec: NetworkSpec,
}

/// Residual blocks of one resolution.
#[derive(Module, Debug)]
pub struct Stage {
    blocks: Vec<ResidualBlock>,
    #[module(skip)]
    name: String,
}

/// Pooling where there is one, flattening, and the linear layer.
#[derive(Module, Debug)]
pub struct ClassifierHead {
    pool: Option<AdaptiveAvgPool2d>,
    /// In the form that the device's linear layer takes.
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    spec: HeadSpec,
}

impl ResNet {
    /// Builds the network of `config` on `device` from the tensors of `source`.
    ///
    /// # Errors
    /// The configuration's fault, or what the source finds wrong with a tensor.
    pub fn load(
        config: &ResNetConfig,
        source: &mut dyn TensorSource,
        mode: NormMode,
        device: &Device,
    ) -> Result<Self, BuildError> {
        Ok(Self::from_spec(
            NetworkSpec::new(config)?,
            source,
            mode,
            device,
        )?)
    }

    /// Builds the network that `spec` describes on `device` from the tensors of `source`.
    ///
    /// # Errors
    /// What the source finds wrong with a tensor.
    pub fn from_spec(
        spec: NetworkSpec,
        source: &mut dyn TensorSource,
        mode: NormMode,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let stem = ConvNorm::load(&spec.stem, source, mode, device)?;
        let mut stages = Vec::with_capacity(spec.stages.len());
        for stage in &spec.stages {
            let load = |block| ResidualBlock::load(block, source, mode, device);
            let blocks = stage.blocks.iter().map(load).collect::<Result<_, _>>()?;
            stages.push(Stage {
                blocks,
                name: stage.name.clone(),
            });
        }
        let head = ClassifierHead::load(&spec.head, source, device)?;
        Ok(Self {
            stem,
            stages,
            head,
            spec,
        })
    }

    /// The network on paper.
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// Pictures `[batch, channels, height, width]` to logits `[batch, classes]`.
    ///
    /// # Errors
    /// [`ShapeError`] where the input does not fit the network.
    pub fn forward(&self, x: Tensor<4>) -> Result<Tensor<2>, ShapeError> {
        self.forward_observed(x, &mut Unobserved)
    }

    /// As [`forward`](Self::forward), showing `observer` each layer's output.
    ///
    /// # Errors
    /// [`ShapeError`] where the input does not fit the network.
    pub fn forward_observed(
        &self,
        x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<2>, ShapeError> {
        let features = self.features_observed(x, observer)?;
        Ok(self.head.forward(features, observer))
    }

    /// Pictures `[batch, channels, height, width]` to the last stage's maps, from which [`head`](Self::head) goes on.
    ///
    /// # Errors
    /// [`ShapeError`] where the input does not fit the network.
    pub fn features(&self, x: Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        self.features_observed(x, &mut Unobserved)
    }

    fn features_observed(
        &self,
        x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<4>, ShapeError> {
        self.spec.check_input(x.dims())?;

        let x = self.stem.forward(x, observer);
        if let Some(container) = &self.spec.stem_container {
            observer.see(container, Output::Map(&x));
        }
        let mut x = max_pool(x);
        observer.see(&self.spec.pool.name, Output::Map(&x));
        for stage in &self.stages {
            for block in &stage.blocks {
                x = block.forward(x, observer)?;
            }
            observer.see(&stage.name, Output::Map(&x));
        }
        Ok(x)
    }

    /// The last stage's maps `[batch, channels, height, width]` to logits `[batch, classes]`.
    pub fn head(&self, features: Tensor<4>) -> Tensor<2> {
        self.head.forward(features, &mut Unobserved)
    }

    /// What each place of the last stage's maps `[1, channels, height, width]` adds to a class's logit, row by row: the
    /// class's activation map (Zhou et al. 2016, section 2). Over all places that sums up to the logit, but for the bias.
    ///
    /// After an average pool that is the features times the class's weights; for a head that flattens, the class's weights
    /// reshaped to the map.
    pub fn evidence(&self, features: Tensor<4>, class: usize) -> Vec<f32> {
        self.head.evidence(features, class)
    }

    /// Pictures `[batch, channels, height, width]` to probabilities `[batch, classes]`: the seed's own `forward`,
    /// which ends in `Softmax(dim=1)`. A single logit has the sigmoid instead.
    ///
    /// # Errors
    /// [`ShapeError`] where the input does not fit the network.
    pub fn probabilities(
        &self,
        x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<2>, ShapeError> {
        let logits = self.forward_observed(x, observer)?;
        let probabilities = if self.spec.head.classes == 1 {
            sigmoid(logits)
        } else {
            softmax(logits, 1)
        };
        observer.see(&self.spec.head.activation, Output::Vector(&probabilities));
        if let Some(container) = &self.spec.head.container {
            observer.see(container, Output::Vector(&probabilities));
        }
        Ok(probabilities)
    }
}

impl ClassifierHead {
    fn load(
        spec: &HeadSpec,
        source: &mut dyn TensorSource,
        device: &Device,
    ) -> Result<Self, WeightError> {
        let [weight, bias] = spec.tensors();
        let weight = source.take(&weight.name, &weight.shape)?;
        let bias = source.take(&bias.name, &bias.shape)?;
        let length = weight.len();
        let weight = pack_linear(tensor(weight, [length], device), spec.linear_size());
        let pool = spec
            .pool
            .as_ref()
            .map(|_| AdaptiveAvgPool2dConfig::new([1, 1]).init());
        Ok(Self {
            pool,
            weight: Param::from_tensor(weight),
            bias: Param::from_tensor(tensor(bias, [spec.classes], device)),
            spec: spec.clone(),
        })
    }

    fn evidence(&self, features: Tensor<4>, class: usize) -> Vec<f32> {
        let [_, channels, height, width] = features.dims();
        let pixels = height * width;
        let pooled = self.pool.is_some();
        let row = linear_row(self.weight.val(), self.spec.linear_size(), class);
        let [features, row] =
            [features.flatten(0, 3), row].map(|x| x.into_data().iter::<f32>().collect::<Vec<_>>());
        let share = if pooled { pixels as f32 } else { 1.0 };
        let added = |pixel: usize| {
            let parts = (0..channels).map(|channel| {
                let feature = channel * pixels + pixel;
                features[feature] * row[if pooled { channel } else { feature }]
            });
            parts.sum::<f32>() / share
        };
        (0..pixels).map(added).collect()
    }

    fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<2> {
        let x = match (&self.pool, &self.spec.pool) {
            (Some(pool), Some(name)) => {
                let x = pool.forward(x);
                observer.see(name, Output::Map(&x));
                x
            }
            _ => x,
        };
        let x = x.flatten(1, 3);
        observer.see(&self.spec.flatten, Output::Vector(&x));
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let logits = linear(x, weight, bias, self.spec.linear_size());
        observer.see(&self.spec.linear, Output::Vector(&logits));
        logits
    }
}
