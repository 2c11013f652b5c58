//! A WebGPU device with everything on it that no network changes.

use std::sync::{Arc, Mutex, PoisonError};

use burn_wgpu::wgpu;

use super::GpuError;
use super::shaders::Pipelines;
use resnet_web_core::number::Number;

/// What to ask the browser for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuRequest {
    /// Whether an adapter will do that only pretends to be a GPU.
    pub allow_software: bool,
    /// How large buffers may be.
    pub limits: Limits,
}

/// How much of an adapter's limits a device asks for. All other limits are WebGPU's defaults, which every adapter has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// WebGPU's defaults, to the letter, and no clock.
    Default,
    /// Buffers as large as the adapter allows, for a flatten head's weights can be more than 128 MiB; and its clock, where
    /// it has one.
    LargestBuffers,
}

/// An open device. Clones are the same device.
#[derive(Debug, Clone)]
pub struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) pipelines: Arc<Pipelines>,
    number: Number,
    largest_binding: u64,
    info: wgpu::AdapterInfo,
    fault: Arc<Mutex<Option<GpuError>>>,
}

impl Gpu {
    /// Asks the browser for its fastest adapter and a device of it, and has the shaders compiled.
    ///
    /// Numbers are stored in 16 bits where the adapter has `shader-f16`; see [`with_number`](Self::with_number).
    ///
    /// # Errors
    /// No adapter, one that is software, no device, or a shader that does not compile.
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

        let number = if features.contains(wgpu::Features::SHADER_F16) {
            Number::F16
        } else {
            Number::F32
        };
        let opened = Self {
            pipelines: Arc::new(Pipelines::new(&device, number)),
            // Kept, because the browser tells all limits one by one.
            largest_binding: device.limits().max_storage_buffer_binding_size,
            device,
            queue,
            number,
            info,
            fault,
        };
        Ok(opened)
    }

    /// The same device, numbers stored as `number`.
    pub fn with_number(&self, number: Number) -> Self {
        Self {
            pipelines: Arc::new(Pipelines::new(&self.device, number)),
            number,
            ..self.clone()
        }
    }

    /// What numbers are stored as.
    pub const fn number(&self) -> Number {
        self.number
    }

    /// The adapter's name: browsers keep most of it to themselves, so what there is, else something true.
    pub fn name(&self) -> String {
        name(&self.info)
    }

    /// Whether the GPU's work is in truth done by the CPU.
    pub fn is_software(&self) -> bool {
        is_software(&self.info)
    }

    /// What the device was given, in bytes: the largest buffer that a shader can read.
    pub const fn largest_binding(&self) -> u64 {
        self.largest_binding
    }

    /// Whether it can tell when a pass begins and ends.
    pub(super) fn has_clock(&self) -> bool {
        let features = self.device.features();
        features.contains(wgpu::Features::TIMESTAMP_QUERY)
    }

    /// Whether the device is still there and has refused nothing since this was asked last.
    ///
    /// # Errors
    /// The first thing that it refused; for a lost device that it is lost, every time.
    pub fn check(&self) -> Result<(), GpuError> {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match &*fault {
            Some(lost @ GpuError::Lost { .. }) => Err(lost.clone()),
            _ => fault.take().map_or(Ok(()), Err),
        }
    }
}

/// Keeps the first fault, from which others follow; but a loss outweighs them.
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
