//! How a block's input gets the shape of its output.

use burn::prelude::*;

use super::convolution::Convolution;
use super::ops::{ZeroPad, pool, zero_pad};
use crate::observe::{Observer, Output};
use crate::resnet::conv::Arithmetic;
use crate::resnet::spec::{PoolSpec, ShortcutSpec};
use crate::weights::{TensorSource, WeightError};

/// A projection, or channels of zeros.
#[derive(Debug)]
pub(super) enum Shortcut {
    Projection {
        pool: Option<PoolSpec>,
        convolution: Box<Convolution>,
    },
    ZeroPadded {
        name: String,
        by: ZeroPad,
    },
}

impl Shortcut {
    /// Takes the tensors that `spec` names out of `source`.
    pub(super) fn load(
        spec: &ShortcutSpec,
        source: &mut dyn TensorSource,
        arithmetic: Arithmetic,
    ) -> Result<Self, WeightError> {
        Ok(match spec {
            ShortcutSpec::Projection { pool, convolution } => Self::Projection {
                pool: pool.clone(),
                convolution: Box::new(Convolution::load(convolution, source, arithmetic)?),
            },
            ShortcutSpec::ZeroPadded {
                name,
                stride,
                before,
                after,
            } => Self::ZeroPadded {
                name: name.clone(),
                by: ZeroPad {
                    stride: *stride,
                    before: *before,
                    after: *after,
                },
            },
        })
    }

    /// Whether it reads what the first convolution reads, where a block has batch norm and ReLU before that.
    pub(super) fn is_after_pre_activation(&self) -> bool {
        matches!(self, Self::Projection { .. })
    }

    /// `[batch, channels, height, width]` to the shape of the block's output.
    pub(super) fn forward(&self, x: Tensor<4>, observer: &mut dyn Observer) -> Tensor<4> {
        match self {
            Self::Projection {
                pool: spec,
                convolution,
            } => {
                let x = match spec {
                    Some(spec) => {
                        let x = pool(x, spec);
                        observer.see(&spec.name, Output::Map(&x));
                        x
                    }
                    None => x,
                };
                convolution.forward(x, observer)
            }
            Self::ZeroPadded { name, by } => {
                let x = zero_pad(x, *by);
                observer.see(name, Output::Map(&x));
                x
            }
        }
    }
}
