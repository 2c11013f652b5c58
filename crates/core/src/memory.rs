//! The memory that a network takes, calculated before it is built.
//!
//! A small file can hold a large network: of whole numbers of eight bits, which become four times as many bytes, or of
//! thousands of classes. Where memory ends, WebAssembly ends too, so what does not fit is refused before that.

#![deny(clippy::arithmetic_side_effects)]

use crate::resnet::conv::ConvShape;
use crate::resnet::spec::AttentionSpec;
use crate::resnet::{NetworkSpec, ShapeError};
use crate::size::{Bytes, product};
use crate::summary::Summary;
use crate::weights::WeightError;

/// Bytes of an f32.
const NUMBER: u64 = 4;
/// Maps that are in memory at once, each as large as the largest: a block's input, what its convolutions make of it, and
/// one that is kept to be used again.
const MAPS: u64 = 4;

/// What becomes of a network's weights, in numbers of four bytes, given how many a tensor has in the file.
pub trait Packing {
    /// Those of a convolution's weight that are kept.
    fn convolution(&self, shape: ConvShape) -> u64;

    /// Those of a linear layer's weight, `[features in, features out]`, that are kept.
    fn linear(&self, size: [usize; 2]) -> u64;
}

/// Bytes that a network takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Of all weights, in the form that is computed with.
    pub weights: u64,
    /// Of the largest tensor as f32, before it is brought into that form.
    pub largest_tensor: u64,
    /// Of the largest map between two layers.
    pub largest_map: u64,
}

impl Footprint {
    /// That of a network for inputs `[batch, channels, height, width]`.
    ///
    /// # Errors
    /// [`ShapeError`] where the input does not fit the network.
    pub fn of(
        spec: &NetworkSpec,
        input_shape: [usize; 4],
        packing: &impl Packing,
    ) -> Result<Self, ShapeError> {
        let summary = Summary::of_network(spec, input_shape)?;
        let maps = summary.rows.iter().map(|row| product(&row.output_shape));
        let convolutions = spec.convolutions();
        let packed = convolutions.map(|convolution| packing.convolution(convolution.shape()));
        let attention = spec.blocks().filter_map(|block| block.attention.as_ref());
        let attention = attention.flat_map(AttentionSpec::linear_layers);
        let linear = attention.chain(spec.head.linear_layers());
        let linear = linear.map(|linear| packing.linear(linear.size()));
        let tensors = spec.tensors();
        let tensors = tensors.iter().map(|tensor| product(&tensor.shape));
        let bytes = |numbers: u64| numbers.saturating_mul(NUMBER);
        Ok(Self {
            weights: bytes(packed.chain(linear).fold(0, u64::saturating_add)),
            largest_tensor: bytes(tensors.max().unwrap_or(0)),
            largest_map: bytes(maps.max().unwrap_or(0)),
        })
    }

    /// What there has to be room for: these weights twice, because the network before stays until the new one is there,
    /// the largest tensor on its way, and the maps.
    pub fn while_loading(&self) -> u64 {
        [
            self.weights,
            self.weights,
            self.largest_tensor,
            self.largest_map.saturating_mul(MAPS),
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    /// Checks that there is room for it where there are `most` bytes in all.
    ///
    /// The answer is the same every time: it does not depend on what else is in memory.
    ///
    /// # Errors
    /// [`WeightError::TooLarge`]
    pub fn check(&self, most: u64) -> Result<(), WeightError> {
        let needed = self.while_loading();
        if needed <= most {
            return Ok(());
        }
        Err(WeightError::TooLarge {
            what: "this network".to_owned(),
            needed: Bytes(needed),
            most: Some(Bytes(most)),
        })
    }
}
