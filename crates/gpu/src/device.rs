//! A WebGPU device, opened and watched.

use std::sync::{Arc, Mutex, PoisonError};

use burn_wgpu::wgpu;
use resnet_web_core::storage_dtype::StorageDtype;

use crate::caps::Caps;
use crate::error::GpuError;
use crate::pipelines::Pipelines;

/// What to ask the browser for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuRequest {
    /// Whether an adapter that runs on the CPU is acceptable.
    pub allow_software: bool,
    /// How large buffers may be.
    pub limits: Limits,
}

/// How much of an adapter's limits a device asks for. All other limits are WebGPU's defaults, which every adapter has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limits {
    /// WebGPU's defaults and no timestamps.
    Default,
    /// Buffers as large as the adapter allows, because a flatten head's weights can exceed the default of 128 MiB; and
    /// timestamps, where the adapter has them.
    LargestBuffers,
}

/// An open device. Clones are the same device.
#[derive(Debug, Clone)]
pub struct Gpu {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) pipelines: Arc<Pipelines>,
    caps: Caps,
    info: wgpu::AdapterInfo,
    fault: Arc<Mutex<Option<GpuError>>>,
}

impl Gpu {
    /// Asks the browser for its fastest adapter and a device of it.
    ///
    /// Maps and weights are stored as f16 where the adapter has `shader-f16`; see [`without_f16`](Self::without_f16).
    ///
    /// # Errors
    /// No adapter, one that is software, or no device.
    pub async fn open(request: GpuRequest) -> Result<Self, GpuError> {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::BROWSER_WEBGPU;
        let instance = wgpu::Instance::new(descriptor);
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let unavailable = |error: wgpu::RequestAdapterError| GpuError::AdapterUnavailable {
            reason: error.to_string(),
        };
        let adapter = instance
            .request_adapter(&options)
            .await
            .map_err(unavailable)?;
        let info = adapter.get_info();
        if is_software(&info) && !request.allow_software {
            return Err(GpuError::AdapterSoftware { name: name(&info) });
        }

        let mut limits = wgpu::Limits::default();
        let mut features = wgpu::Features::SHADER_F16;
        if request.limits == Limits::LargestBuffers {
            let largest = adapter.limits();
            limits.max_buffer_size = largest.max_buffer_size;
            limits.max_storage_buffer_binding_size = largest.max_storage_buffer_binding_size;
            features |= wgpu::Features::TIMESTAMP_QUERY;
        }
        features &= adapter.features();
        let caps = Caps {
            shader_f16: features.contains(wgpu::Features::SHADER_F16),
            timestamps: features.contains(wgpu::Features::TIMESTAMP_QUERY),
            // What is read back has to fit into this program's memory, too.
            max_binding_bytes: limits
                .max_storage_buffer_binding_size
                .min(usize::MAX as u64),
            max_workgroups: limits.max_compute_workgroups_per_dimension,
            max_invocations: limits.max_compute_invocations_per_workgroup,
        };
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                required_features: features,
                required_limits: limits,
                ..Default::default()
            })
            .await
            .map_err(|error| GpuError::Failed {
                reason: error.to_string(),
            })?;

        let fault = Arc::new(Mutex::new(None));
        let lost = Arc::clone(&fault);
        device.set_device_lost_callback(move |_, reason| {
            note(&lost, GpuError::Lost { reason });
        });
        let uncaptured = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            let reason = error.to_string();
            note(&uncaptured, GpuError::Failed { reason });
        }));

        Ok(Self {
            device,
            queue,
            pipelines: Arc::default(),
            caps,
            info,
            fault,
        })
    }

    /// The same device, which stores maps and weights as f32.
    pub fn without_f16(&self) -> Self {
        let caps = Caps {
            shader_f16: false,
            ..self.caps
        };
        Self {
            caps,
            ..self.clone()
        }
    }

    /// What the device can do.
    pub const fn caps(&self) -> &Caps {
        &self.caps
    }

    /// What maps and weights are stored as.
    pub const fn storage_dtype(&self) -> StorageDtype {
        self.caps.storage_dtype()
    }

    /// The adapter's name, as far as the browser reveals it.
    pub fn name(&self) -> String {
        name(&self.info)
    }

    /// Whether the adapter runs on the CPU.
    pub fn is_software(&self) -> bool {
        is_software(&self.info)
    }

    /// Checks that the device is still there and has refused nothing since the last check.
    ///
    /// # Errors
    /// The first operation that it refused; a lost device is an error every time.
    pub fn check(&self) -> Result<(), GpuError> {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match &*fault {
            Some(lost @ GpuError::Lost { .. }) => Err(lost.clone()),
            _ => fault.take().map_or(Ok(()), Err),
        }
    }
}

/// Keeps the first fault, which causes those after it; but a loss replaces it.
fn note(fault: &Mutex<Option<GpuError>>, new: GpuError) {
    let mut fault = fault.lock().unwrap_or_else(PoisonError::into_inner);
    if fault.is_none() || matches!(new, GpuError::Lost { .. }) {
        *fault = Some(new);
    }
}

fn is_software(info: &wgpu::AdapterInfo) -> bool {
    info.device_type == wgpu::DeviceType::Cpu
}

fn name(info: &wgpu::AdapterInfo) -> String {
    let known = [&info.name, &info.driver, &info.driver_info]
        .into_iter()
        .find(|name| !name.is_empty());
    known.map_or_else(|| "unnamed adapter".to_owned(), Clone::clone)
}
