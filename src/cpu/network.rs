//! The whole network: stem, stages of residual blocks, head.

use burn::prelude::*;

use super::block::CpuBlock;
use super::convolution::Convolution;
use super::head::Head;
use super::norm::Norm;
use super::ops::pool;
use crate::observe::{Observer, Output, Unobserved};
use crate::resnet::conv::Arithmetic;
use crate::resnet::spec::{NetworkSpec, ShapeError};
use crate::weights::{TensorSource, WeightError};

/// A ResNet for inference on the CPU: see the [module's documentation](super).
#[derive(Debug)]
pub struct CpuResNet {
    stem: Vec<Convolution>,
    blocks: Vec<StageBlock>,
    final_norm: Option<Norm>,
    head: Head,
    spec: NetworkSpec,
}

/// A residual block, and the name of the stage that ends with it.
#[derive(Debug)]
struct StageBlock {
    block: CpuBlock,
    ends: Option<String>,
}

impl CpuResNet {
    /// The network that `spec` describes with the tensors of `source`, batch norm folded. Convolutions compute in
    /// `arithmetic` where they [can](super::ops::supported).
    ///
    /// # Errors
    /// What the source finds wrong with a tensor.
    pub fn load(
        spec: NetworkSpec,
        source: &mut dyn TensorSource,
        arithmetic: Arithmetic,
    ) -> Result<Self, WeightError> {
        let stem = spec.stem.convolutions.iter();
        let stem = stem
            .map(|conv| Convolution::load(conv, source, arithmetic))
            .collect::<Result<_, _>>()?;
        let mut blocks = Vec::new();
        for stage in &spec.stages {
            let last = stage.blocks.len() - 1;
            for (place, block) in stage.blocks.iter().enumerate() {
                blocks.push(StageBlock {
                    block: CpuBlock::load(block, source, arithmetic)?,
                    ends: (place == last).then(|| stage.name.clone()),
                });
            }
        }
        let norm = spec.final_norm.as_ref();
        let final_norm = norm.map(|norm| Norm::load(norm, source)).transpose()?;
        let head = Head::load(&spec.head, source)?;
        Ok(Self {
            stem,
            blocks,
            final_norm,
            head,
            spec,
        })
    }

    /// The network's layers, names and shapes.
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// Images `[batch, channels, height, width]` to logits `[batch, classes]`. A network without a head returns its features,
    /// `[batch, features]`.
    ///
    /// # Errors
    /// [`ShapeError`] if the input does not fit the network.
    pub fn forward(&self, x: Tensor<4>) -> Result<Tensor<2>, ShapeError> {
        self.forward_observed(x, &mut Unobserved)
    }

    /// As [`forward`](Self::forward), showing `observer` each layer's output. Nothing is fused then.
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

    /// Images `[batch, channels, height, width]` to the last stage's feature maps, which [`head`](Self::head) takes.
    ///
    /// # Errors
    /// [`ShapeError`] if the input does not fit the network.
    pub fn features(&self, x: Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        self.features_observed(x, &mut Unobserved)
    }

    fn features_observed(
        &self,
        mut x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<4>, ShapeError> {
        for step in 0..self.steps() {
            x = self.step_observed(step, x, observer)?;
        }
        Ok(x)
    }

    /// How many steps [`features`](Self::features) consists of: the stem with its pool, then each block.
    pub fn steps(&self) -> usize {
        1 + self.blocks.len()
    }

    /// One of the [`steps`](Self::steps), counted from zero: what the step before returned, images at first, to this step's
    /// feature maps. The last step's are those of [`features`](Self::features).
    ///
    /// # Errors
    /// [`ShapeError`] if the input does not fit the step.
    ///
    /// # Panics
    /// If there is no such step.
    pub fn step(&self, step: usize, x: Tensor<4>) -> Result<Tensor<4>, ShapeError> {
        self.step_observed(step, x, &mut Unobserved)
    }

    fn step_observed(
        &self,
        step: usize,
        x: Tensor<4>,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<4>, ShapeError> {
        let Some(place) = step.checked_sub(1) else {
            return self.stem(x, observer);
        };
        let StageBlock { block, ends } = &self.blocks[place];
        let x = block.forward(x, observer)?;
        if let Some(stage) = ends {
            observer.see(stage, Output::Map(&x));
        }
        Ok(match &self.final_norm {
            Some(norm) if step == self.blocks.len() => norm.forward(x, observer),
            _ => x,
        })
    }

    fn stem(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Result<Tensor<4>, ShapeError> {
        self.spec.check_input(x.dims())?;
        let mut x = x;
        for convolution in &self.stem {
            x = convolution.forward(x, observer);
        }
        if let Some(container) = &self.spec.stem.container {
            observer.see(container, Output::Map(&x));
        }
        for spec in &self.spec.stem.pools {
            x = pool(x, spec);
            observer.see(&spec.name, Output::Map(&x));
        }
        Ok(x)
    }

    /// The last stage's feature maps `[batch, channels, height, width]` to logits `[batch, classes]`:
    /// [`pool`](Self::pool), then [`classify`](Self::classify).
    pub fn head(&self, features: Tensor<4>) -> Tensor<2> {
        self.head.forward(features, &mut Unobserved)
    }

    /// The last stage's feature maps `[batch, channels, height, width]` to what enters the head's layers,
    /// `[batch, features]`: an image's embedding.
    pub fn pool(&self, features: Tensor<4>) -> Tensor<2> {
        self.head.pool(features, &mut Unobserved)
    }

    /// What enters the head's layers, `[batch, features]`, to logits `[batch, classes]`. Without any layers it is returned as it is.
    pub fn classify(&self, features: Tensor<2>) -> Tensor<2> {
        self.head.classify(features, &mut Unobserved)
    }

    /// What each place of the last stage's feature maps `[1, channels, height, width]` adds to a class's logit, row by row:
    /// the class's activation map (Zhou et al. 2016, section 2). The sum over all places is the logit without the bias.
    ///
    /// After an average pool that is the features times the class's weights; for a head that flattens, the class's weights
    /// reshaped to the map. A head of several layers is taken as the linear function that it is for these maps: see
    /// [`class_map`](resnet_web_core::class_map).
    pub fn evidence(&self, features: Tensor<4>, class: usize) -> Vec<f32> {
        self.head.evidence(features, class)
    }
}
