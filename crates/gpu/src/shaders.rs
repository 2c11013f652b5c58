//! The shaders, and the pipelines made of them: four, whatever the network. Sizes are parameters.

use burn_wgpu::wgpu;

use super::wgsl::{AVERAGE_POOL, CONVOLUTION, LINEAR, MAX_POOL, Shader};
use resnet_web_core::number::Number;

/// A pipeline, and what is bound to it: asking for that takes a while.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The compiled shader.
    pub compiled: wgpu::ComputePipeline,
    /// Its parameters and buffers.
    pub layout: wgpu::BindGroupLayout,
}

/// A pipeline for each kind of layer.
#[derive(Debug)]
pub struct Pipelines {
    /// Convolution and bias; a residual and ReLU where asked for.
    pub convolution: Pipeline,
    /// 3x3, stride 2, padding 1.
    pub max_pool: Pipeline,
    /// Over all pixels.
    pub average_pool: Pipeline,
    /// The head's product.
    pub linear: Pipeline,
}

impl Pipelines {
    /// Has the browser compile all of them; faults come to the device's error scope.
    pub fn new(device: &wgpu::Device, number: Number) -> Self {
        let pipeline = |shader: Shader| {
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(shader.name),
                source: wgpu::ShaderSource::Wgsl(shader.text(number).into()),
            });
            let compiled = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(shader.name),
                layout: None,
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            });
            let layout = compiled.get_bind_group_layout(0);
            Pipeline { compiled, layout }
        };
        Self {
            convolution: pipeline(CONVOLUTION),
            max_pool: pipeline(MAX_POOL),
            average_pool: pipeline(AVERAGE_POOL),
            linear: pipeline(LINEAR),
        }
    }
}
