//! Why a GPU cannot be used, or cannot run a network.

use resnet_web_core::resnet::ShapeError;
use resnet_web_core::weights::WeightError;
use thiserror::Error;

/// Why a GPU cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum GpuError {
    /// The browser has no WebGPU or offers no adapter.
    #[error("no WebGPU adapter: {reason}. Use the CPU instead")]
    AdapterUnavailable {
        /// The browser's words.
        reason: String,
    },
    /// The adapter runs on the CPU, and software was not allowed.
    #[error(
        "the WebGPU adapter `{name}` is software, slower than the CPU itself. Use the CPU instead, or ask for it"
    )]
    AdapterSoftware {
        /// The adapter's name.
        name: String,
    },
    /// The device is gone: the driver was reset or updated, the GPU was removed, or the browser took it away.
    #[error("the GPU was lost: {reason}. Open a device again and load the weights into it")]
    Lost {
        /// The browser's words.
        reason: String,
    },
    /// The device could not be opened, or refused an operation.
    #[error("the device failed: {reason}. Use the CPU instead")]
    Failed {
        /// What happened.
        reason: String,
    },
}

/// A layer that is larger than the device allows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
#[error("layer `{layer}` needs {needed} {what}, and the GPU allows {allowed}")]
pub struct LimitError {
    /// The layer, by PyTorch's name.
    pub layer: String,
    /// Which limit, in words: "workgroups along an axis".
    pub what: &'static str,
    /// What the layer needs.
    pub needed: u64,
    /// What the device allows.
    pub allowed: u64,
}

/// Why a network cannot be lowered to dispatches.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum LowerError {
    /// An input that the network does not take.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A layer that is larger than the device allows.
    #[error("{0}. Use a smaller crop, or the CPU")]
    Limit(#[from] LimitError),
}

/// Why a network cannot be loaded onto a GPU.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The GPU cannot be used.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A tensor that the source does not have, or that is not usable.
    #[error(transparent)]
    Weights(#[from] WeightError),
    /// The network cannot be lowered.
    #[error(transparent)]
    Lower(#[from] LowerError),
}

impl From<LimitError> for PlanError {
    fn from(error: LimitError) -> Self {
        Self::Lower(error.into())
    }
}
