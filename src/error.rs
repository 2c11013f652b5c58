//! The crate's error, with a code for programs and a sentence for people.

use thiserror::Error;

use crate::backend::DeviceError;
#[cfg(feature = "webgpu")]
use crate::gpu::{GpuError, LowerError, PlanError};
use crate::image::ImageError;
use crate::resnet::ShapeError;
use crate::weights::WeightError;

/// An error of any part of the crate. Its text says what was wrong, what was expected and what to do.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A device that cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A weight file that cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightError),
    /// Pixels that are no image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// An input that the network does not take.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A class index that is too large.
    #[error(
        "class index {class} is out of range 0..{classes}. Choose a class that the network has"
    )]
    NoSuchClass {
        /// The class index that was asked for.
        class: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A network that ends with its features.
    #[error(
        "this model has no classes: it ends with its features. Call `embed`, which returns them"
    )]
    NoClasses,
}

#[cfg(feature = "webgpu")]
impl From<GpuError> for Error {
    fn from(error: GpuError) -> Self {
        Self::Device(error.into())
    }
}

#[cfg(feature = "webgpu")]
impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Gpu(error) => error.into(),
            PlanError::Weights(error) => error.into(),
            PlanError::Lower(LowerError::Shape(error)) => error.into(),
            other => DeviceError::Failed {
                reason: other.to_string(),
            }
            .into(),
        }
    }
}

impl Error {
    /// The kind of error. Codes stay the same from version to version.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Device(error) => match error {
                DeviceError::AdapterUnavailable { .. } => "adapter-unavailable",
                DeviceError::AdapterSoftware { .. } => "adapter-software",
                DeviceError::Lost { .. } => "device-lost",
                DeviceError::Failed { .. } => "device-failed",
                DeviceError::SelfCheck { .. } => "self-check-failed",
            },
            Self::Weights(error) => error.code(),
            Self::Image(_) | Self::Shape(_) => "image-size",
            Self::NoSuchClass { .. } => "class-index",
            Self::NoClasses => "no-classes",
        }
    }
}
