//! A program on a device: weights uploaded, everything bound.

#![deny(clippy::arithmetic_side_effects)]

use std::num::NonZeroU64;
use std::sync::Arc;

use burn_wgpu::wgpu;
use resnet_web_core::resnet::Head;
use resnet_web_core::resnet::spec::{BlockSpec, NetworkSpec};
use resnet_web_core::storage_dtype::StorageDtype;
use resnet_web_core::weights::TensorSource;
use resnet_web_core::weights::folded_head::Dense;

use crate::device::Gpu;
use crate::error::PlanError;
use crate::layout::{from_bytes, padded, to_bytes, to_nchw};
use crate::lower::{
    self, Call, ClassMaps, MapId, MapSpec, Operand, Options, Program, SpaceToDepth,
};
use crate::memory;
use crate::weights;

/// Bytes from one dispatch's parameters to the next: WebGPU's default alignment of uniform buffers.
const PARAMS_STRIDE: usize = 256;

/// A map in the GPU's memory.
#[derive(Debug, Clone)]
pub struct Map {
    pub(crate) buffer: Arc<wgpu::Buffer>,
    pub(crate) spec: MapSpec,
}

/// A network for inputs of one shape, ready to run.
#[derive(Debug)]
pub struct Plan {
    pub(crate) gpu: Gpu,
    pub(crate) dispatches: Vec<Dispatch>,
    pub(crate) input: Map,
    pub(crate) space_to_depth: Option<SpaceToDepth>,
    pub(crate) features: Map,
    pub(crate) logits: Option<Map>,
    pub(crate) observed: Vec<(String, Map)>,
    pub(crate) class_maps: Option<ClassMapsStep>,
    buffers: Buffers,
}

/// How class activation maps are made: see [`lower::ClassMaps`].
#[derive(Debug)]
pub(crate) enum ClassMapsStep {
    OnGpu {
        dispatch: Dispatch,
        /// `[1, classes, height, width]`
        map: Map,
        places: usize,
    },
    OnCpu {
        /// What the head pools.
        map: Map,
        head: Arc<HeadOnCpu>,
    },
}

/// A head that the CPU computes class activation maps with.
#[derive(Debug, PartialEq)]
pub(crate) struct HeadOnCpu {
    pub(crate) kind: Head,
    pub(crate) layers: Vec<Dense>,
}

/// Every buffer of a plan, freed when the plan is dropped.
#[derive(Debug, Default)]
struct Buffers(Vec<Arc<wgpu::Buffer>>);

#[derive(Debug)]
pub(crate) struct Dispatch {
    /// As [`Call::layer`].
    pub(crate) layer: String,
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    workgroups: [u32; 3],
}

impl Plan {
    /// Loads the network that `spec` describes onto the GPU, for inputs of `shape`.
    ///
    /// # Errors
    /// An input that does not fit, a layer that is larger than the device allows, what the source finds wrong with a tensor, or
    /// a device that is gone.
    pub fn of_network(
        spec: &NetworkSpec,
        source: &mut dyn TensorSource,
        shape: [usize; 4],
        options: Options,
        gpu: &Gpu,
    ) -> Result<Self, PlanError> {
        let program = lower::network(spec, shape, gpu.caps(), options)?;
        Self::new(&program, source, gpu)
    }

    /// Loads a block alone onto the GPU.
    ///
    /// # Errors
    /// As those of a network.
    pub fn of_block(
        spec: &BlockSpec,
        source: &mut dyn TensorSource,
        shape: [usize; 4],
        options: Options,
        gpu: &Gpu,
    ) -> Result<Self, PlanError> {
        let program = lower::block(spec, shape, gpu.caps(), options)?;
        Self::new(&program, source, gpu)
    }

    /// Uploads a program's weights and binds its calls.
    ///
    /// # Errors
    /// What the source finds wrong with a tensor, or a device that is gone.
    pub fn new(
        program: &Program<'_>,
        source: &mut dyn TensorSource,
        gpu: &Gpu,
    ) -> Result<Self, PlanError> {
        let mut upload = Upload {
            gpu,
            buffers: Buffers::default(),
        };
        let maps = upload.maps(program);
        let mut tensors = Vec::new();
        let mut layers = Vec::new();
        for layer in &program.tensors {
            let packed = weights::take(layer, source)?;
            let weight = upload.filled(&packed.weight, layer.dtype(gpu.storage_dtype()));
            tensors.push([weight, upload.filled(&packed.bias, StorageDtype::F32)]);
            layers.extend(packed.on_cpu);
        }
        let operand = |upload: &mut Upload<'_>, operand: &Operand| match *operand {
            Operand::Map(map) => maps[map.0].buffer.clone(),
            Operand::Weight(id) => tensors[id.0][0].clone(),
            Operand::Bias(id) => tensors[id.0][1].clone(),
            Operand::Zeros(count) => upload.filled(&padded(vec![0.0; count]), StorageDtype::F32),
        };
        let params = upload.params(program);
        let mut dispatches = Vec::new();
        for (place, call) in program.all_calls().enumerate() {
            let mut bound = vec![
                maps[call.input.0].buffer.clone(),
                maps[call.output.0].buffer.clone(),
            ];
            for it in &call.operands {
                bound.push(operand(&mut upload, it));
            }
            dispatches.push(dispatch(gpu, call, &params, place, &bound));
        }
        // Has everything that was written copied to the GPU now. Until something is submitted, copies of it wait, even for a
        // network that is dropped without a run.
        gpu.queue.submit([]);
        gpu.check()?;
        let of = |map: MapId| maps[map.0].clone();
        let observed = program.observed.iter();
        let class_maps = program.class_maps.as_ref().and_then(|maps| match maps {
            ClassMaps::Call { call, places } => Some(ClassMapsStep::OnGpu {
                dispatch: dispatches.pop()?,
                map: of(call.output),
                places: *places,
            }),
            ClassMaps::OnCpu { map, kind } => Some(ClassMapsStep::OnCpu {
                map: of(*map),
                head: Arc::new(HeadOnCpu {
                    kind: *kind,
                    layers,
                }),
            }),
        });
        Ok(Self {
            gpu: gpu.clone(),
            dispatches,
            input: of(program.input.map),
            space_to_depth: program.input.space_to_depth,
            features: of(program.features),
            logits: program.logits.map(of),
            observed: observed
                .map(|(name, &map)| (name.clone(), of(map)))
                .collect(),
            class_maps,
            buffers: upload.buffers,
        })
    }

    /// Dispatches of a run, all in one submission.
    pub fn dispatches(&self) -> usize {
        self.dispatches.len()
    }

    /// The layer of each dispatch, by PyTorch's name, in the order of computation: see [`Call::layer`].
    pub fn layers(&self) -> impl Iterator<Item = &str> {
        self.dispatches.iter().map(|dispatch| &*dispatch.layer)
    }

    /// Bytes of the GPU's memory that the plan holds.
    pub fn bytes(&self) -> u64 {
        let sizes = self.buffers.0.iter().map(|buffer| buffer.size());
        sizes.fold(0, u64::saturating_add)
    }

    /// The maps that are observed, each after its name: see [`Program::observed`].
    pub fn observed(&self) -> &[(String, Map)] {
        &self.observed
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // The browser would free them at some time; a second network may need the memory now.
        for buffer in &self.0 {
            buffer.destroy();
        }
    }
}

impl Dispatch {
    pub(crate) fn encode(&self, pass: &mut wgpu::ComputePass<'_>) {
        let [x, y, z] = self.workgroups;
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}

impl Map {
    /// `[batch, channels, height, width]`
    pub const fn shape(&self) -> [usize; 4] {
        self.spec.shape
    }

    /// Bytes of the map, of which its buffer may have more.
    pub(crate) fn bytes(&self) -> u64 {
        self.spec.bytes()
    }

    /// Where its bytes are, and how many.
    pub(crate) fn source(&self) -> (&wgpu::Buffer, u64) {
        (&self.buffer, self.bytes())
    }

    /// Its values, `[batch, channels, height, width]` row by row, given its bytes.
    pub(crate) fn values(&self, bytes: &[u8]) -> Vec<f32> {
        to_nchw(&from_bytes(bytes, self.spec.dtype), self.spec.shape)
    }
}

/// Creates and fills a plan's buffers.
struct Upload<'g> {
    gpu: &'g Gpu,
    buffers: Buffers,
}

impl Upload<'_> {
    fn buffer(&mut self, bytes: u64, usage: wgpu::BufferUsages) -> Arc<wgpu::Buffer> {
        let buffer = Arc::new(self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage: usage | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        }));
        self.buffers.0.push(Arc::clone(&buffer));
        buffer
    }

    /// A buffer with numbers in it.
    fn filled(&mut self, values: &[f32], dtype: StorageDtype) -> Arc<wgpu::Buffer> {
        let bytes = to_bytes(values, dtype);
        let buffer = self.buffer(bytes.len() as u64, wgpu::BufferUsages::STORAGE);
        self.gpu.queue.write_buffer(&buffer, 0, &bytes);
        buffer
    }

    /// The program's maps, in memory that they share.
    fn maps(&mut self, program: &Program<'_>) -> Vec<Map> {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        let assigned = memory::assign(program);
        let buffers = assigned
            .bytes
            .iter()
            .map(|&bytes| self.buffer(bytes, usage));
        let buffers: Vec<_> = buffers.collect();
        let maps = program.maps.iter().zip(assigned.of_map);
        let map = |(&spec, buffer): (&MapSpec, usize)| Map {
            buffer: Arc::clone(&buffers[buffer]),
            spec,
        };
        maps.map(map).collect()
    }

    /// All calls' parameters in one buffer.
    fn params(&mut self, program: &Program<'_>) -> Arc<wgpu::Buffer> {
        let mut bytes = Vec::new();
        for call in program.all_calls() {
            let end = bytes.len().saturating_add(PARAMS_STRIDE);
            bytes.extend_from_slice(&call.params);
            bytes.resize(end, 0);
        }
        let buffer = self.buffer(bytes.len() as u64, wgpu::BufferUsages::UNIFORM);
        self.gpu.queue.write_buffer(&buffer, 0, &bytes);
        buffer
    }
}

/// Binds a call, whose parameters are those at `place`.
fn dispatch(
    gpu: &Gpu,
    call: &Call<'_>,
    params: &wgpu::Buffer,
    place: usize,
    buffers: &[Arc<wgpu::Buffer>],
) -> Dispatch {
    let pipeline = gpu
        .pipelines
        .get(&gpu.device, &call.kernel, gpu.storage_dtype());
    let params = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
        buffer: params,
        offset: place.saturating_mul(PARAMS_STRIDE) as u64,
        size: NonZeroU64::new(PARAMS_STRIDE as u64),
    });
    let buffers = buffers.iter().map(|buffer| buffer.as_entire_binding());
    let entries: Vec<_> = std::iter::once(params)
        .chain(buffers)
        .zip(0..)
        .map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource })
        .collect();
    let bindings = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.layout,
        entries: &entries,
    });
    Dispatch {
        layer: call.layer.to_owned(),
        pipeline: pipeline.compiled,
        bindings,
        workgroups: call.workgroups,
    }
}
