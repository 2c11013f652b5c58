//! WebGPU through burn's wgpu runtime.

use std::cell::RefCell;

use burn::prelude::Device;
use burn_wgpu::{WgpuBackend, WgpuInitError, wgpu};

use super::DeviceError;

thread_local! {
    // The runtime can be set up once in the life of the module; whoever asks again gets the same device.
    static OPENED: RefCell<Option<(Device, wgpu::AdapterInfo)>> = const { RefCell::new(None) };
}

/// The device, its adapter's name, and whether it is software.
pub(super) async fn open(allow_software: bool) -> Result<(Device, String, bool), DeviceError> {
    let opened = OPENED.with_borrow(Clone::clone);
    let (device, info) = match opened {
        Some(opened) => opened,
        None => {
            let (device, setup) = Device::wgpu_options()
                .graphics_api(WgpuBackend::WebGpu)
                .init_with_setup_async()
                .await?;
            let opened = (device, setup.adapter.get_info());
            OPENED.set(Some(opened.clone()));
            opened
        }
    };
    let software = info.device_type == wgpu::DeviceType::Cpu;
    let name = name(&info);
    if software && !allow_software {
        return Err(DeviceError::AdapterSoftware { name });
    }
    Ok((device, name, software))
}

/// Browsers keep most of the adapter to themselves: what there is, else something true.
fn name(info: &wgpu::AdapterInfo) -> String {
    let known = [&info.name, &info.driver, &info.driver_info]
        .into_iter()
        .find(|name| !name.is_empty());
    known.map_or_else(|| "unnamed adapter".to_owned(), Clone::clone)
}

impl From<WgpuInitError> for DeviceError {
    fn from(error: WgpuInitError) -> Self {
        match error {
            WgpuInitError::AdapterUnavailable { message, .. } => {
                Self::AdapterUnavailable { reason: message }
            }
            other => Self::Failed {
                reason: other.to_string(),
            },
        }
    }
}
