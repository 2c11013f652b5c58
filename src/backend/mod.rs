//! The device that does the arithmetic: the GPU through WebGPU, or the CPU.
//!
//! A device is opened and checked against PyTorch's numbers ([`self_check`]) before anything else runs on it: a shader that
//! does not compile or a driver that computes wrong results is an error here, not a wrong classification later.

pub mod self_check;

use resnet_web_core::storage_dtype::StorageDtype;
use serde::{Deserialize, Serialize};
use thiserror::Error;

#[cfg(feature = "webgpu")]
use crate::gpu::{Gpu, GpuError, GpuRequest, Limits};
use self_check::SelfCheck;

/// The kinds of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "engine.ts"))]
pub enum DeviceKind {
    /// The CPU, with SIMD: burn's Flex backend and the kernels. Always available.
    Cpu,
    /// A GPU through the browser's WebGPU.
    WebGpu,
}

/// An open device. Clones are the same device.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Processor {
    /// The CPU.
    Cpu,
    /// A GPU.
    #[cfg(feature = "webgpu")]
    Gpu(Box<Gpu>),
}

/// What a device is, and the figures of its self-check.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "engine.ts"))]
pub struct DeviceReport {
    /// CPU or GPU.
    pub kind: DeviceKind,
    /// The adapter's name, as far as the browser discloses it.
    pub name: String,
    /// Whether the adapter is a software one, whose work the CPU does.
    pub software: bool,
    /// What maps and weights are stored as.
    #[cfg_attr(test, ts(type = "StorageDtype"))]
    pub number: StorageDtype,
    /// The figures of the self-check.
    pub self_check: SelfCheck,
}

/// Why a device cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The browser has no WebGPU, or WebGPU has no adapter.
    #[error("no WebGPU adapter: {reason}. Use the CPU instead")]
    AdapterUnavailable {
        /// The browser's words.
        reason: String,
    },
    /// A software adapter, which was not asked for.
    #[error(
        "the WebGPU adapter `{name}` is a software adapter, slower than the CPU itself. Use the CPU instead, or allow software adapters"
    )]
    AdapterSoftware {
        /// The adapter's name.
        name: String,
    },
    /// The device is gone: the driver was reset or updated, the GPU was removed, the browser revoked it.
    #[error("the GPU was lost: {reason}. Open a device again and load the weights into it")]
    Lost {
        /// The browser's words.
        reason: String,
    },
    /// The device could not be opened, or refused a command.
    #[error("the device failed: {reason}. Use the CPU instead")]
    Failed {
        /// What happened.
        reason: String,
    },
    /// The device's results are not PyTorch's.
    #[error(
        "the device computes wrong results: in run {run} of the self-check `{layer}` is off by {error} of its largest \
         value, and at most {tolerance} is allowed. Use the CPU instead"
    )]
    SelfCheck {
        /// The layer, by PyTorch's name.
        layer: String,
        /// 1 or 2: some drivers compute right results only the first time.
        run: usize,
        /// The largest difference, relative to the layer's largest value.
        error: f32,
        /// The largest difference that is allowed.
        tolerance: f32,
    },
}

#[cfg(feature = "webgpu")]
impl From<GpuError> for DeviceError {
    fn from(error: GpuError) -> Self {
        match error {
            GpuError::AdapterUnavailable { reason } => Self::AdapterUnavailable { reason },
            GpuError::AdapterSoftware { name } => Self::AdapterSoftware { name },
            GpuError::Lost { reason } => Self::Lost { reason },
            GpuError::Failed { reason } => Self::Failed { reason },
            other => Self::Failed {
                reason: other.to_string(),
            },
        }
    }
}

/// Opens a device and checks it.
///
/// # Errors
/// [`DeviceError`]; on the CPU only [`DeviceError::SelfCheck`].
pub async fn open(
    kind: DeviceKind,
    allow_software: bool,
) -> Result<(Processor, DeviceReport), DeviceError> {
    match kind {
        DeviceKind::Cpu => {
            let processor = Processor::Cpu;
            let report = DeviceReport {
                kind,
                name: "CPU (SIMD)".to_owned(),
                software: false,
                number: StorageDtype::F32,
                self_check: self_check::run(&processor).await?,
            };
            Ok((processor, report))
        }
        DeviceKind::WebGpu => open_gpu(allow_software).await,
    }
}

#[cfg(feature = "webgpu")]
async fn open_gpu(allow_software: bool) -> Result<(Processor, DeviceReport), DeviceError> {
    let mut gpu = Gpu::open(GpuRequest {
        allow_software,
        limits: Limits::LargestBuffers,
    })
    .await?;
    let mut checked = self_check::run(&Processor::Gpu(Box::new(gpu.clone()))).await;
    if checked.is_err() && gpu.storage_dtype() == StorageDtype::F16 {
        gpu = gpu.without_f16();
        checked = self_check::run(&Processor::Gpu(Box::new(gpu.clone()))).await;
    }
    let report = DeviceReport {
        kind: DeviceKind::WebGpu,
        name: gpu.name(),
        software: gpu.is_software(),
        number: gpu.storage_dtype(),
        self_check: checked?,
    };
    Ok((Processor::Gpu(Box::new(gpu)), report))
}

#[cfg(not(feature = "webgpu"))]
async fn open_gpu(_allow_software: bool) -> Result<(Processor, DeviceReport), DeviceError> {
    Err(DeviceError::AdapterUnavailable {
        reason: "this is the CPU module".to_owned(),
    })
}
