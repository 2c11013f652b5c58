//! Why a GPU cannot be used, or a network not on it.

use resnet_web_core::resnet::ShapeError;
use resnet_web_core::weights::WeightError;
use thiserror::Error;

/// Why a GPU cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum GpuError {
    /// No WebGPU, or none that gives an adapter.
    #[error("no WebGPU adapter: {reason}. Use the CPU instead")]
    AdapterUnavailable {
        /// The browser's words.
        reason: String,
    },
    /// An adapter that only pretends to be a GPU, where none was asked for.
    #[error(
        "the WebGPU adapter `{name}` is software, slower than the CPU itself. Use the CPU instead, or ask for it"
    )]
    AdapterSoftware {
        /// The adapter's name.
        name: String,
    },
    /// The device is gone: the driver was reset or updated, the GPU was taken out, the browser took it away.
    #[error("the GPU was lost: {reason}. Open a device again and load the weights into it")]
    Lost {
        /// The browser's words.
        reason: String,
    },
    /// The device could not be made, or refused something.
    #[error("the device failed: {reason}. Use the CPU instead")]
    Failed {
        /// What happened.
        reason: String,
    },
}

/// Why a network cannot be brought onto a GPU.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A GPU that cannot be used.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A tensor that the source does not give.
    #[error(transparent)]
    Weights(#[from] WeightError),
    /// An input that the network does not take.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}
