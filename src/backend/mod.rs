//! The device that does the arithmetic: the GPU through WebGPU, or the CPU.
//!
//! A device is opened, then checked against PyTorch's numbers ([`self_check`]) before anything else runs on it: a
//! shader that fails to compile or a driver that computes wrong gives an error here, not a wrong answer later.

pub mod self_check;
#[cfg(feature = "webgpu")]
mod webgpu;

use burn::prelude::Device;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use self_check::SelfCheck;

/// The kinds of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// burn's Flex backend, with SIMD. Always there.
    Cpu,
    /// A GPU through the browser's WebGPU.
    WebGpu,
}

/// What a device is, and how it passed the check.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceReport {
    /// Which kind.
    pub kind: DeviceKind,
    /// The adapter's name, as far as the browser tells.
    pub name: String,
    /// Whether a GPU's work is in truth done by the CPU.
    pub software: bool,
    /// The check's figures.
    pub self_check: SelfCheck,
}

/// Why a device cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum DeviceError {
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
    /// The device could not be made, or stopped working.
    #[error("the device failed: {reason}. Use the CPU instead")]
    Failed {
        /// What happened.
        reason: String,
    },
    /// The device computes something else than PyTorch.
    #[error(
        "the device computes wrong results: run {run} of the self-check is off by {error} of the largest logit, \
         where {tolerance} is allowed. Use the CPU instead"
    )]
    SelfCheck {
        /// 1 or 2: some drivers are right only the first time.
        run: usize,
        /// The largest difference, as a part of the largest logit.
        error: f32,
        /// What is allowed.
        tolerance: f32,
    },
}

/// Opens a device and checks it.
///
/// # Errors
/// [`DeviceError`]; the CPU has none but a failed check.
pub async fn open(
    kind: DeviceKind,
    allow_software: bool,
) -> Result<(Device, DeviceReport), DeviceError> {
    let (device, name, software) = match kind {
        DeviceKind::Cpu => (Device::flex(), "CPU (SIMD)".to_owned(), false),
        DeviceKind::WebGpu => open_webgpu(allow_software).await?,
    };
    let self_check = self_check::run(&device).await?;
    Ok((
        device,
        DeviceReport {
            kind,
            name,
            software,
            self_check,
        },
    ))
}

#[cfg(feature = "webgpu")]
async fn open_webgpu(allow_software: bool) -> Result<(Device, String, bool), DeviceError> {
    webgpu::open(allow_software).await
}

#[cfg(not(feature = "webgpu"))]
async fn open_webgpu(_allow_software: bool) -> Result<(Device, String, bool), DeviceError> {
    Err(DeviceError::AdapterUnavailable {
        reason: "this is the CPU module".to_owned(),
    })
}
