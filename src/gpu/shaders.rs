//! The shaders, and the pipelines made of them: four, whatever the network. Sizes are parameters.

use burn_wgpu::wgpu;

use super::number::Number;

/// Before every shader's text stands what `number` is.
const fn declaration(number: Number) -> &'static str {
    match number {
        Number::F32 => "alias number = f32;\n\n",
        Number::F16 => "enable f16;\n\nalias number = f16;\n\n",
    }
}

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
        let pipeline = |label: &str, shader: &str| {
            let text = [declaration(number), shader].concat();
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(label),
                source: wgpu::ShaderSource::Wgsl(text.into()),
            });
            let compiled = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(label),
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
            convolution: pipeline("convolution", include_str!("shaders/convolution.wgsl")),
            max_pool: pipeline("max pool", include_str!("shaders/max_pool.wgsl")),
            average_pool: pipeline("average pool", include_str!("shaders/average_pool.wgsl")),
            linear: pipeline("linear", include_str!("shaders/linear.wgsl")),
        }
    }
}
