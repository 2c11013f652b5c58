//! Compiled kernels, each compiled once per device.

use std::sync::{Mutex, PoisonError};

use burn_wgpu::wgpu;
use resnet_web_core::storage_dtype::StorageDtype;

use crate::kernels::Kernel;

/// A compiled kernel, and the layout of what is bound to it: asking for that takes a while.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The compiled shader.
    pub compiled: wgpu::ComputePipeline,
    /// Its parameters and buffers.
    pub layout: wgpu::BindGroupLayout,
}

impl Pipeline {
    fn new(device: &wgpu::Device, kernel: &Kernel, dtype: StorageDtype) -> Self {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(kernel.name),
            source: wgpu::ShaderSource::Wgsl(kernel.wgsl(dtype).into()),
        });
        let compiled = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.name),
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let layout = compiled.get_bind_group_layout(0);
        Self { compiled, layout }
    }
}

/// The pipelines of a device that have been asked for so far: a handful.
#[derive(Debug, Default)]
pub struct Pipelines(Mutex<Vec<(Kernel, StorageDtype, Pipeline)>>);

impl Pipelines {
    /// The pipeline of a kernel. The browser compiles it at the first call; its errors go to the device's error scope.
    pub fn get(&self, device: &wgpu::Device, kernel: &Kernel, dtype: StorageDtype) -> Pipeline {
        let mut pipelines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pipelines
            .iter()
            .find(|(k, d, _)| (k, *d) == (kernel, dtype));
        if let Some((.., pipeline)) = known {
            return pipeline.clone();
        }
        let pipeline = Pipeline::new(device, kernel, dtype);
        pipelines.push((kernel.clone(), dtype, pipeline.clone()));
        pipeline
    }
}
