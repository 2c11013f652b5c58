//! What a network takes in memory, worked out before anything of it is built.
//!
//! A small file can hold a large network: of whole numbers of eight bits, which become four times as many bytes, or of
//! thousands of classes. Where memory ends, WebAssembly ends too, so what does not fit is refused before that.

#![deny(clippy::arithmetic_side_effects)]

use std::fmt;

use crate::resnet::conv::ConvShape;
use crate::resnet::{NetworkSpec, ShapeError};
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

    /// Those of the linear layer's weight, `[features, classes]`, that are kept.
    fn linear(&self, size: [usize; 2]) -> u64;
}

/// The product of sides, `u64::MAX` at most. Never inlined: where addresses have 32 bits it takes many instructions.
#[inline(never)]
pub fn product(sides: &[usize]) -> u64 {
    let of_side = |product: u64, &side: &usize| product.saturating_mul(side as u64);
    sides.iter().fold(1, of_side)
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
        let blocks = spec.stages.iter().flat_map(|stage| &stage.blocks);
        let convolutions = blocks.flat_map(|block| block.all_convolutions());
        let convolutions = std::iter::once(&spec.stem).chain(convolutions);
        let packed = convolutions.map(|convolution| packing.convolution(convolution.shape()));
        let head = packing.linear([spec.head.features, spec.head.classes]);
        let tensors = spec.tensors();
        let tensors = tensors.iter().map(|tensor| product(&tensor.shape));
        let bytes = |numbers: u64| numbers.saturating_mul(NUMBER);
        Ok(Self {
            weights: bytes(packed.fold(head, u64::saturating_add)),
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
        Err(too_large("this network", needed, Some(Bytes(most))))
    }
}

/// A number of bytes, shown as people say it: "5.2 GB", "640 MB".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MEGABYTE: u64 = 1_000_000;
        let megabytes = self.0.saturating_add(MEGABYTE / 2) / MEGABYTE;
        match megabytes {
            ..1000 => write!(f, "{megabytes} MB"),
            _ => {
                let tenths = self.0.saturating_add(50 * MEGABYTE) / (100 * MEGABYTE);
                write!(f, "{}.{} GB", tenths / 10, tenths % 10)
            }
        }
    }
}

/// An empty vector with room for `count` numbers of `what`, a tensor of a file's.
///
/// # Errors
/// [`WeightError::TooLarge`] where there is none, instead of a panic or an abort.
pub fn room<T>(count: usize, what: &str) -> Result<Vec<T>, WeightError> {
    let mut room = Vec::new();
    match room.try_reserve_exact(count) {
        Ok(()) => Ok(room),
        Err(_) => Err(too_large(what, product(&[count, size_of::<T>()]), None)),
    }
}

#[cold]
fn too_large(what: &str, needed: u64, most: Option<Bytes>) -> WeightError {
    WeightError::TooLarge {
        what: what.to_owned(),
        needed: Bytes(needed),
        most,
    }
}
