//! A network as the list of dispatches that computes it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use burn_wgpu::wgpu;
use half::f16;
use half::slice::HalfFloatSliceExt;

use super::GpuError;
use super::PlanError;
use super::device::Gpu;
use super::layout::{
    POOL_INVOCATIONS, QUAD, cells, map_bytes, pack_convolution, pack_linear, padded,
    pool_workgroups, separate,
};
use super::shaders::Pipeline;
use resnet_web_core::number::Number;
use resnet_web_core::resnet::conv::ConvShape;
use resnet_web_core::resnet::spec::{BlockSpec, ConvSpec, HeadSpec, NetworkSpec, PoolSpec};
use resnet_web_core::weights::TensorSource;
use resnet_web_core::weights::folded::take_folded;

/// Pixels and quads of channels of a convolution's workgroup, as its shader has them.
const TILE: [usize; 2] = [32, 16];
/// Quads of classes of the linear layer's workgroup.
const CLASS_QUADS: usize = 16;
/// Workgroups along an axis of a dispatch, at most: WebGPU's default.
const MOST_WORKGROUPS: usize = 65_535;
/// Bytes between one dispatch's parameters and the next: WebGPU's default alignment of uniform buffers.
const PARAMETERS: usize = 256;
/// Where a block that stands alone has its output.
const BLOCK_OUTPUT: &str = "output";

/// What becomes of the maps between a picture and its logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Their memory is used again as soon as nobody reads them any more.
    Nothing,
    /// Each has memory of its own and can be read after a run.
    Everything,
}

/// A map in the GPU's memory, `[batch, channels, height, width]` to whoever reads it.
#[derive(Debug, Clone)]
pub struct Map {
    pub(super) buffer: Arc<wgpu::Buffer>,
    pub(super) shape: [usize; 4],
    pub(super) number: Number,
}

/// A network for pictures of one size.
#[derive(Debug)]
pub struct Plan {
    pub(super) gpu: Gpu,
    pub(super) dispatches: Vec<Dispatch>,
    pub(super) input: Input,
    pub(super) output: Map,
    pub(super) seen: BTreeMap<String, Map>,
    pub(super) evidence: Option<EvidenceStep>,
    buffers: Buffers,
}

/// What a plan reads.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) map: Map,
    /// Where the map is of cells: the picture's shape, and how far before it the first cell begins.
    pub(super) cells: Option<([usize; 4], usize)>,
}

/// What each place of the last stage's map adds to each logit, as one dispatch more.
///
/// It is the head's own linear layer, run for each place alone, for all classes: the weights are on the GPU in packed form
/// only, and which class is the most probable is known there no sooner than here. On the CPU the rows of a flatten head
/// could take 400 MB; reading the map back instead would take more than reading this, and would need them.
#[derive(Debug)]
pub(super) struct EvidenceStep {
    pub(super) dispatch: Dispatch,
    /// `[1, classes, height, width]`
    pub(super) map: Map,
    /// In how many parts the head takes the map's mean: one where it flattens.
    pub(super) parts: usize,
}

/// Everything a plan has on the GPU, given back when it goes.
#[derive(Debug, Default)]
struct Buffers(Vec<Arc<wgpu::Buffer>>);

#[derive(Debug)]
pub(super) struct Dispatch {
    /// The layer that it computes, by PyTorch's name. A convolution's is with its batch norm and ReLU, and at the end of a
    /// block with the addition and the ReLU after it.
    pub(super) layer: String,
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    workgroups: [u32; 3],
}

impl Plan {
    /// Brings the network that `spec` describes onto the GPU, for inputs of `shape`.
    ///
    /// # Errors
    /// What the source finds wrong with a tensor, an input that does not fit, or a device that is gone.
    pub fn of_network(
        spec: &NetworkSpec,
        source: &mut dyn TensorSource,
        shape: [usize; 4],
        keep: Keep,
        gpu: &Gpu,
    ) -> Result<Self, PlanError> {
        spec.check_input(shape)?;
        let mut builder = Builder::new(gpu, keep);
        let (input, mut x) = builder.stem(shape, &spec.stem, source)?;
        builder.show(spec.stem_container.as_deref(), &x);
        x = builder.max_pool(x, &spec.pool)?;
        for stage in &spec.stages {
            for block in &stage.blocks {
                x = builder.block(x, block, source)?;
            }
            builder.show(Some(&stage.name), &x);
        }
        let logits = builder.head(x, &spec.head, source)?;
        builder.finish(input, logits)
    }

    /// Brings a block alone onto the GPU.
    ///
    /// # Errors
    /// As those of a network.
    pub fn of_block(
        spec: &BlockSpec,
        source: &mut dyn TensorSource,
        shape: [usize; 4],
        keep: Keep,
        gpu: &Gpu,
    ) -> Result<Self, PlanError> {
        spec.output_size([shape[2], shape[3]])?;
        let mut builder = Builder::new(gpu, keep);
        let map = builder.map(shape)?;
        let output = builder.block(map.clone(), spec, source)?;
        builder.show(Some(BLOCK_OUTPUT), &output);
        let input = Input { map, cells: None };
        builder.finish(input, output)
    }

    /// How many dispatches a run has, all in one submission.
    pub fn dispatches(&self) -> usize {
        self.dispatches.len()
    }

    /// Bytes of the GPU's memory that it holds.
    pub fn bytes(&self) -> u64 {
        self.buffers.0.iter().map(|buffer| buffer.size()).sum()
    }

    /// The maps that were kept, by PyTorch's names: what a convolution gives out after batch norm and ReLU has the name of
    /// the last of them.
    pub const fn seen(&self) -> &BTreeMap<String, Map> {
        &self.seen
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // The browser would find out some day; a second network may need the memory now.
        for buffer in &self.0 {
            buffer.destroy();
        }
    }
}

impl Dispatch {
    pub(super) fn encode(&self, pass: &mut wgpu::ComputePass<'_>) {
        let [x, y, z] = self.workgroups;
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}

impl Map {
    /// `[batch, channels, height, width]`
    pub const fn shape(&self) -> [usize; 4] {
        self.shape
    }

    const fn pixels(&self) -> usize {
        self.shape[2] * self.shape[3]
    }

    const fn quads(&self) -> usize {
        self.shape[1].div_ceil(QUAD)
    }

    /// Bytes of it, which its buffer has: so many can be counted.
    pub(super) fn bytes(&self) -> usize {
        map_bytes(self.shape, self.number.size()) as usize
    }

    /// What its bytes say, `[batch, channels, height, width]` row by row.
    pub(super) fn values(&self, bytes: &[u8]) -> Vec<f32> {
        separate(&values_of(bytes, self.number), self.shape)
    }
}

/// Puts dispatches together.
struct Builder<'a> {
    gpu: &'a Gpu,
    keep: Keep,
    steps: Vec<Step>,
    seen: BTreeMap<String, Map>,
    /// The map and the parts of the evidence, whose step is then the last one.
    evidence: Option<(Map, usize)>,
    buffers: Buffers,
    /// Maps that nobody reads any more.
    free: Vec<Arc<wgpu::Buffer>>,
}

/// A dispatch whose parameters are not on the GPU yet.
struct Step {
    layer: String,
    pipeline: Pipeline,
    /// From binding 1 on.
    buffers: Vec<Arc<wgpu::Buffer>>,
    parameters: Vec<usize>,
    workgroups: [usize; 3],
}

/// A convolution with everything folded into it, whatever it is to be computed on.
struct Convolution<'a> {
    layer: &'a str,
    shape: ConvShape,
    output_size: [usize; 2],
    /// `[out, in / groups, height, width]`, row by row.
    weight: &'a [f32],
    bias: Vec<f32>,
    relu: bool,
}

impl<'a> Builder<'a> {
    fn new(gpu: &'a Gpu, keep: Keep) -> Self {
        Self {
            gpu,
            keep,
            steps: Vec::new(),
            seen: BTreeMap::new(),
            evidence: None,
            buffers: Buffers::default(),
            free: Vec::new(),
        }
    }

    /// A buffer of so many bytes that shaders can read.
    fn buffer(
        &mut self,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<Arc<wgpu::Buffer>, PlanError> {
        // What is read back has to be countable here, too.
        let largest = self.gpu.largest_binding().min(usize::MAX as u64);
        if bytes > largest {
            let reason = format!("a tensor of {bytes} bytes is needed, and it allows {largest}");
            return Err(GpuError::Failed { reason }.into());
        }
        let buffer = Arc::new(self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage: usage | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        }));
        self.buffers.0.push(Arc::clone(&buffer));
        Ok(buffer)
    }

    /// A buffer with numbers in it.
    fn filled(&mut self, values: &[f32], number: Number) -> Result<Arc<wgpu::Buffer>, PlanError> {
        let bytes = bytes_of(values, number);
        let buffer = self.buffer(bytes.len() as u64, wgpu::BufferUsages::STORAGE)?;
        self.gpu.queue.write_buffer(&buffer, 0, &bytes);
        Ok(buffer)
    }

    /// Memory for a map: that of one which nobody reads any more, if it is large enough.
    fn map(&mut self, shape: [usize; 4]) -> Result<Map, PlanError> {
        self.map_of(shape, self.gpu.number())
    }

    fn map_of(&mut self, shape: [usize; 4], number: Number) -> Result<Map, PlanError> {
        let bytes = map_bytes(shape, number.size());
        let fitting = self.free.iter().enumerate();
        let fitting = fitting.filter(|(_, buffer)| buffer.size() >= bytes);
        let smallest = fitting.min_by_key(|(_, buffer)| buffer.size());
        let buffer = match smallest.map(|(place, _)| place) {
            Some(place) => self.free.swap_remove(place),
            None => {
                let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
                self.buffer(bytes, usage)?
            }
        };
        Ok(Map {
            buffer,
            shape,
            number,
        })
    }

    /// Says that nobody reads a map any more.
    fn release(&mut self, map: Map) {
        if self.keep == Keep::Nothing {
            self.free.push(map.buffer);
        }
    }

    fn show(&mut self, name: Option<&str>, map: &Map) {
        if let (Some(name), Keep::Everything) = (name, self.keep) {
            self.seen.insert(name.to_owned(), map.clone());
        }
    }

    /// A convolution. What it reads is the caller's to release.
    fn convolved(
        &mut self,
        x: &Map,
        residual: Option<&Map>,
        relu: bool,
        spec: &ConvSpec,
        source: &mut dyn TensorSource,
    ) -> Result<Map, PlanError> {
        let (weight, bias) = take_folded(spec, source)?;
        let convolution = Convolution {
            layer: &spec.name,
            shape: spec.shape(),
            output_size: spec.output_size([x.shape[2], x.shape[3]]),
            weight: &weight,
            bias,
            relu,
        };
        self.convolved_with(convolution, x, residual)
    }

    /// The stem, and what it reads: a picture of `shape` cut into cells.
    fn stem(
        &mut self,
        shape: [usize; 4],
        spec: &ConvSpec,
        source: &mut dyn TensorSource,
    ) -> Result<(Input, Map), PlanError> {
        let (weight, bias) = take_folded(spec, source)?;
        let whole = spec.shape();
        let shape_of_cells = ConvShape {
            inputs: 4 * whole.inputs,
            kernel: whole.kernel.div_ceil(2),
            stride: 1,
            padding: 0,
            ..whole
        };
        let kernel = shape_of_cells.kernel;
        let weight = cells(&weight, whole.weight(), 0, [kernel; 2]);
        let size = spec.output_size([shape[2], shape[3]]);
        let [down, across] = size.map(|side| side + kernel - 1);
        let map = self.map([shape[0], shape_of_cells.inputs, down, across])?;
        let convolution = Convolution {
            layer: &spec.name,
            shape: shape_of_cells,
            output_size: size,
            weight: &weight,
            bias,
            relu: spec.relu.is_some(),
        };
        let y = self.convolved_with(convolution, &map, None)?;
        self.show(spec.relu.as_deref().or(Some(&spec.norm)), &y);
        self.release(map.clone());
        let cells = Some((shape, whole.padding));
        Ok((Input { map, cells }, y))
    }

    fn convolved_with(
        &mut self,
        convolution: Convolution<'_>,
        x: &Map,
        residual: Option<&Map>,
    ) -> Result<Map, PlanError> {
        let Convolution {
            layer,
            shape,
            output_size: [out_height, out_width],
            weight,
            bias,
            relu,
        } = convolution;
        let [batch, _, height, width] = x.shape;
        let packed = pack_convolution(weight, shape);
        let y = self.map([batch, shape.outputs, out_height, out_width])?;
        let weights = self.filled(&packed.values, self.gpu.number())?;
        let bias = self.filled(&padded(bias), Number::F32)?;
        // Without a residual something has to stand in its place, and is not read.
        let onto = residual.unwrap_or(x).buffer.clone();
        self.steps.push(Step {
            layer: layer.to_owned(),
            pipeline: self.gpu.pipelines.convolution.clone(),
            buffers: vec![x.buffer.clone(), y.buffer.clone(), weights, bias, onto],
            parameters: vec![
                height,
                width,
                out_height,
                out_width,
                x.quads(),
                y.quads(),
                packed.span_quads,
                packed.span_outputs,
                shape.kernel,
                shape.stride,
                shape.padding,
                usize::from(relu),
                usize::from(residual.is_some()),
            ],
            workgroups: [
                y.pixels().div_ceil(TILE[0]),
                y.quads().div_ceil(TILE[1]),
                batch,
            ],
        });
        Ok(y)
    }

    /// A convolution with its batch norm and ReLU, under the name of the last of them.
    fn convolution(
        &mut self,
        x: Map,
        residual: Option<&Map>,
        spec: &ConvSpec,
        source: &mut dyn TensorSource,
    ) -> Result<Map, PlanError> {
        let y = self.convolved(&x, residual, spec.relu.is_some(), spec, source)?;
        self.show(spec.relu.as_deref().or(Some(&spec.norm)), &y);
        self.release(x);
        Ok(y)
    }

    fn max_pool(&mut self, x: Map, spec: &PoolSpec) -> Result<Map, PlanError> {
        let [batch, channels, height, width] = x.shape;
        let [out_height, out_width] = spec.output_size([height, width]);
        let y = self.map([batch, channels, out_height, out_width])?;
        self.steps.push(Step {
            layer: spec.name.clone(),
            pipeline: self.gpu.pipelines.max_pool.clone(),
            buffers: vec![x.buffer.clone(), y.buffer.clone()],
            parameters: vec![height, width, out_height, out_width, x.quads(), batch],
            workgroups: pool_workgroups(y.shape),
        });
        self.show(Some(&spec.name), &y);
        self.release(x);
        Ok(y)
    }

    fn block(
        &mut self,
        x: Map,
        spec: &BlockSpec,
        source: &mut dyn TensorSource,
    ) -> Result<Map, PlanError> {
        let Some((last, first)) = spec.convolutions.split_last() else {
            return Ok(x);
        };
        // The block's input is read twice: its memory is free when both have read it.
        let mut residual = x.clone();
        for (i, convolution) in first.iter().enumerate() {
            let y = self.convolved(
                &residual,
                None,
                convolution.relu.is_some(),
                convolution,
                source,
            )?;
            self.show(convolution.relu.as_deref(), &y);
            if i > 0 {
                self.release(residual);
            }
            residual = y;
        }
        let shortcut = match &spec.shortcut {
            Some(projection) => self.convolution(x, None, projection, source)?,
            None => x,
        };
        let y = self.convolved(&residual, Some(&shortcut), true, last, source)?;
        self.release(residual);
        self.release(shortcut);
        self.show(Some(&spec.relu), &y);
        self.show(
            Some(&spec.name)
                .filter(|name| !name.is_empty())
                .map(String::as_str),
            &y,
        );
        Ok(y)
    }

    fn head(
        &mut self,
        features: Map,
        spec: &HeadSpec,
        source: &mut dyn TensorSource,
    ) -> Result<Map, PlanError> {
        let mut x = features.clone();
        let [batch, channels, height, width] = x.shape;
        if let Some(name) = &spec.pool {
            let y = self.map([batch, channels, 1, 1])?;
            self.steps.push(Step {
                layer: name.clone(),
                pipeline: self.gpu.pipelines.average_pool.clone(),
                buffers: vec![x.buffer.clone(), y.buffer.clone()],
                parameters: vec![x.pixels(), x.quads()],
                workgroups: [x.quads().div_ceil(POOL_INVOCATIONS), batch, 1],
            });
            self.show(Some(name), &y);
            // What it was made of stays for the evidence.
            x = y;
        }
        self.show(Some(&spec.flatten), &x);
        let [weight, bias] = spec.tensors();
        let weight = source.take(&weight.name, &weight.shape)?;
        let bias = source.take(&bias.name, &bias.shape)?;
        let weight = pack_linear(&weight, channels, x.pixels());
        let logits = self.map_of([batch, spec.classes, 1, 1], Number::F32)?;
        let weight = self.filled(&weight, self.gpu.number())?;
        let bias = self.filled(&padded(bias), Number::F32)?;
        self.steps.push(Step {
            layer: spec.linear.clone(),
            pipeline: self.gpu.pipelines.linear.clone(),
            buffers: vec![
                x.buffer.clone(),
                logits.buffer.clone(),
                weight.clone(),
                bias,
            ],
            parameters: vec![x.pixels() * x.quads(), logits.quads(), 0],
            workgroups: [batch, logits.quads().div_ceil(CLASS_QUADS), 1],
        });
        self.show(Some(&spec.linear), &logits);

        let evidence = self.map_of([1, spec.classes, height, width], Number::F32)?;
        let no_bias = self.filled(&padded(vec![0.0; spec.classes]), Number::F32)?;
        let (step, parts) = match spec.pool {
            Some(_) => (0, features.pixels()),
            None => (features.quads(), 1),
        };
        self.steps.push(Step {
            layer: spec.linear.clone(),
            pipeline: self.gpu.pipelines.linear.clone(),
            buffers: vec![
                features.buffer.clone(),
                evidence.buffer.clone(),
                weight,
                no_bias,
            ],
            parameters: vec![features.quads(), evidence.quads(), step],
            workgroups: [features.pixels(), evidence.quads().div_ceil(CLASS_QUADS), 1],
        });
        self.evidence = Some((evidence, parts));
        Ok(logits)
    }

    /// Brings the parameters onto the GPU, all in one buffer, and binds everything.
    fn finish(mut self, input: Input, output: Map) -> Result<Plan, PlanError> {
        self.gpu.check()?;
        for step in &self.steps {
            let countable = |&value: &usize| u32::try_from(value).is_ok();
            if step.workgroups.iter().any(|&count| count > MOST_WORKGROUPS)
                || !step.parameters.iter().all(countable)
            {
                let reason = format!("layer `{}` is larger than it can count", step.layer);
                return Err(GpuError::Failed { reason }.into());
            }
        }
        let mut parameters = vec![0; self.steps.len() * PARAMETERS];
        for (step, own) in self
            .steps
            .iter()
            .zip(parameters.chunks_exact_mut(PARAMETERS))
        {
            for (&value, bytes) in step.parameters.iter().zip(own.chunks_exact_mut(4)) {
                bytes.copy_from_slice(&(value as u32).to_le_bytes());
            }
        }
        let all = self.buffer(parameters.len() as u64, wgpu::BufferUsages::UNIFORM)?;
        self.gpu.queue.write_buffer(&all, 0, &parameters);
        // Has everything that was written brought over now: until something is submitted, copies of it wait, even for a
        // network that goes without a run.
        self.gpu.queue.submit([]);
        let device = &self.gpu.device;
        let bound = |(i, step): (usize, Step)| {
            let parameters = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: &all,
                offset: (i * PARAMETERS) as u64,
                size: std::num::NonZeroU64::new(PARAMETERS as u64),
            });
            let buffers = step.buffers.iter().map(|buffer| buffer.as_entire_binding());
            let entries: Vec<_> = std::iter::once(parameters)
                .chain(buffers)
                .zip(0..)
                .map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource })
                .collect();
            let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &step.pipeline.layout,
                entries: &entries,
            });
            Dispatch {
                layer: step.layer,
                pipeline: step.pipeline.compiled,
                bindings,
                workgroups: step.workgroups.map(|count| count as u32),
            }
        };
        let mut dispatches: Vec<_> = self.steps.into_iter().enumerate().map(bound).collect();
        let with_dispatch = |(map, parts)| {
            let dispatch = dispatches.pop()?;
            Some(EvidenceStep {
                dispatch,
                map,
                parts,
            })
        };
        let evidence = self.evidence.and_then(with_dispatch);
        Ok(Plan {
            gpu: self.gpu.clone(),
            dispatches,
            input,
            output,
            seen: self.seen,
            evidence,
            buffers: self.buffers,
        })
    }
}

pub(super) fn bytes_of(values: &[f32], number: Number) -> Cow<'_, [u8]> {
    match number {
        Number::F32 => Cow::Borrowed(bytemuck::cast_slice(values)),
        Number::F16 => {
            let mut halves = vec![f16::ZERO; values.len()];
            halves.convert_from_f32_slice(values);
            Cow::Owned(halves.iter().flat_map(|half| half.to_le_bytes()).collect())
        }
    }
}

fn values_of(bytes: &[u8], number: Number) -> Vec<f32> {
    match number {
        Number::F32 => {
            let number = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes);
            bytes.as_chunks().0.iter().map(number).collect()
        }
        Number::F16 => {
            let number = |bytes: &[u8; 2]| f16::from_le_bytes(*bytes).to_f32();
            bytes.as_chunks().0.iter().map(number).collect()
        }
    }
}
