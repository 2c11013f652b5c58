//! The whole network: stem, four stages of residual blocks, head.

use burn::prelude::*;

use super::block::CpuBlock;
use super::convolution::Convolution;
use super::head::Head;
use super::ops::max_pool;
use crate::observe::{Observer, Output, Unobserved};
use crate::resnet::conv::Arithmetic;
use crate::resnet::spec::{NetworkSpec, ShapeError};
use crate::weights::{TensorSource, WeightError};

/// A ResNet for inference on the CPU: see the [module's documentation](super).
#[derive(Debug)]
pub struct CpuResNet {
    stem: Convolution,
    stages: Vec<Stage>,
    head: Head,
    spec: NetworkSpec,
}

/// Residual blocks of one resolution.
#[derive(Debug)]
struct Stage {
    blocks: Vec<CpuBlock>,
    name: String,
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
        let stem = Convolution::load(&spec.stem, source, arithmetic)?;
        let mut stages = Vec::with_capacity(spec.stages.len());
        for stage in &spec.stages {
            let load = |block| CpuBlock::load(block, source, arithmetic);
            let blocks = stage.blocks.iter().map(load).collect::<Result<_, _>>()?;
            stages.push(Stage {
                blocks,
                name: stage.name.clone(),
            });
        }
        let head = Head::load(&spec.head, source)?;
        Ok(Self {
            stem,
            stages,
            head,
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

    /// The last stage's feature maps `[batch, channels, height, width]` to logits `[batch, classes]`.
    pub fn head(&self, features: Tensor<4>) -> Tensor<2> {
        self.head.forward(features, &mut Unobserved)
    }

    /// What each place of the last stage's feature maps `[1, channels, height, width]` adds to a class's logit, row by row:
    /// the class's activation map (Zhou et al. 2016, section 2). The sum over all places is the logit without the bias.
    ///
    /// After an average pool that is the features times the class's weights; for a head that flattens, the class's weights
    /// reshaped to the map.
    pub fn evidence(&self, features: Tensor<4>, class: usize) -> Vec<f32> {
        self.head.evidence(features, class)
    }
}
