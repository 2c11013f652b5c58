//! A network as the list of dispatches that computes it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use burn_wgpu::wgpu;
use futures_lite::future::zip;
use half::f16;
use half::slice::HalfFloatSliceExt;

use super::device::Gpu;
use super::layout::{QUAD, interleave, pack_convolution, pack_linear, padded, separate};
use super::number::Number;
use super::times::{self, LayerTime, Timestamps};
use crate::backend::DeviceError;
use crate::error::Error;
use crate::resnet::conv_norm::take_folded;
use crate::resnet::spec::{BlockSpec, ConvSpec, HeadSpec, NetworkSpec, PoolSpec};
use crate::weights::TensorSource;

/// Pixels and quads of channels of a convolution's workgroup, as its shader has them.
const TILE: [usize; 2] = [32, 16];
/// Quads of classes of the linear layer's workgroup.
const CLASS_QUADS: usize = 16;
/// Invocations of every workgroup.
const INVOCATIONS: usize = 64;
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
    buffer: Arc<wgpu::Buffer>,
    shape: [usize; 4],
    number: Number,
}

/// A network for pictures of one size.
#[derive(Debug)]
pub struct Plan {
    gpu: Gpu,
    dispatches: Vec<Dispatch>,
    input: Map,
    output: Map,
    seen: BTreeMap<String, Map>,
    evidence: Option<EvidenceStep>,
    buffers: Buffers,
}

/// What each place of the last stage's map adds to each logit, as one dispatch more.
///
/// It is the head's own linear layer, run for each place alone, for all classes: the weights are on the GPU in packed form
/// only, and which class is the most probable is known there no sooner than here. On the CPU the rows of a flatten head
/// could take 400 MB; reading the map back instead would take more than reading this, and would need them.
#[derive(Debug)]
struct EvidenceStep {
    dispatch: Dispatch,
    /// `[1, classes, height, width]`
    map: Map,
    /// In how many parts the head takes the map's mean: one where it flattens.
    parts: usize,
}

/// What each place of the last stage's map adds to each logit.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMaps {
    size: [usize; 2],
    parts: usize,
    /// `[classes, height, width]`
    values: Vec<f32>,
}

/// Everything a plan has on the GPU, given back when it goes.
#[derive(Debug, Default)]
struct Buffers(Vec<Arc<wgpu::Buffer>>);

/// What a run gave out that was timed.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedRun {
    /// As an ordinary run gives it out.
    pub output: Vec<f32>,
    /// Each dispatch, in the order of computation.
    pub layers: Vec<LayerTime>,
}

#[derive(Debug)]
struct Dispatch {
    /// The layer that it computes, by PyTorch's name. A convolution's is with its batch norm and ReLU, and at the end of a
    /// block with the addition and the ReLU after it.
    layer: String,
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
    ) -> Result<Self, Error> {
        spec.check_input(shape)?;
        let mut builder = Builder::new(gpu, keep);
        let input = builder.map(shape)?;
        let mut x = builder.convolution(input.clone(), None, &spec.stem, source)?;
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
    ) -> Result<Self, Error> {
        spec.output_size([shape[2], shape[3]])?;
        let mut builder = Builder::new(gpu, keep);
        let input = builder.map(shape)?;
        let output = builder.block(input.clone(), spec, source)?;
        builder.show(Some(BLOCK_OUTPUT), &output);
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

    /// Computes the output for `input`, `[batch, channels, height, width]` row by row: the logits of a network.
    ///
    /// # Errors
    /// [`DeviceError`]: a device that is lost, or refuses any part of it. What it gave out is then not told.
    pub async fn run(&self, input: &[f32]) -> Result<Vec<f32>, DeviceError> {
        Ok(self.compute(input, false).await?.0)
    }

    /// Computes the output as [`run`](Self::run) does, and tells how long each dispatch took by the GPU's own clock. Each has
    /// a pass to itself for it. `None` where the adapter or the browser has no such clock.
    ///
    /// Browsers round what the clock says to a tenth of a millisecond or so: see [`layer_times`](Self::layer_times).
    ///
    /// # Errors
    /// As those of an ordinary run.
    pub async fn run_timed(&self, input: &[f32]) -> Result<Option<TimedRun>, DeviceError> {
        if !self.gpu.has_clock() {
            return Ok(None);
        }
        let (output, milliseconds) = self.compute(input, true).await?;
        let timed = |(dispatch, milliseconds): (&Dispatch, f64)| LayerTime {
            layer: dispatch.layer.clone(),
            milliseconds,
        };
        let layers = self.dispatches.iter().zip(milliseconds).map(timed);
        Ok(Some(TimedRun {
            output,
            layers: layers.collect(),
        }))
    }

    /// The output for `input`, and how many milliseconds each dispatch took where that is wanted.
    async fn compute(
        &self,
        input: &[f32],
        timed: bool,
    ) -> Result<(Vec<f32>, Vec<f64>), DeviceError> {
        let Gpu { device, queue, .. } = &self.gpu;
        self.gpu.check()?;
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let input = interleave(input, self.input.shape);
        let input = bytes_of(&input, self.input.number);
        queue.write_buffer(&self.input.buffer, 0, &input);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let timestamps = timed.then(|| Timestamps::new(device, self.dispatches.len()));
        match &timestamps {
            None => {
                let descriptor = wgpu::ComputePassDescriptor::default();
                let mut pass = encoder.begin_compute_pass(&descriptor);
                for dispatch in &self.dispatches {
                    dispatch.encode(&mut pass);
                }
            }
            Some(timestamps) => {
                for (place, dispatch) in self.dispatches.iter().enumerate() {
                    let descriptor = wgpu::ComputePassDescriptor {
                        label: None,
                        timestamp_writes: Some(timestamps.around(place)),
                    };
                    dispatch.encode(&mut encoder.begin_compute_pass(&descriptor));
                }
            }
        }
        let times = timestamps
            .as_ref()
            .map(|timestamps| timestamps.resolve(&mut encoder));
        let staging = self.submit(&self.output, encoder);
        // Popped before anything is waited for: scopes are a stack, and another run may begin meanwhile.
        let refused = scope.pop();
        let answer = self.receive(&staging, |bytes| self.output.values(bytes));
        let answer = answer.await;
        let times = match times {
            Some(times) => self.receive(times, times::milliseconds).await,
            None => Ok(Vec::new()),
        };
        // A dispatch that the browser refuses leaves in memory what was there before, and says so nowhere but here.
        if let Some(error) = refused.await {
            let reason = error.to_string();
            return Err(DeviceError::Failed { reason });
        }
        self.gpu.check()?;
        Ok((answer?, times?))
    }

    /// As [`run`](Self::run) of one picture, and what each place of the last stage's map adds to each logit.
    ///
    /// # Errors
    /// As those of a run; a plan without a head has no evidence.
    pub async fn run_with_evidence(
        &self,
        input: &[f32],
    ) -> Result<(Vec<f32>, ClassMaps), DeviceError> {
        // Both are submitted before either is waited for: no other run comes between them.
        let (logits, evidence) = zip(self.run(input), self.evidence()).await;
        Ok((logits?, evidence?))
    }

    /// What the run that was submitted last has to show for each class.
    async fn evidence(&self) -> Result<ClassMaps, DeviceError> {
        let failed = |reason: String| DeviceError::Failed { reason };
        let Some(step) = &self.evidence else {
            return Err(failed("a block alone tells no classes".to_owned()));
        };
        let device = &self.gpu.device;
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            let [x, y, z] = step.dispatch.workgroups;
            pass.set_pipeline(&step.dispatch.pipeline);
            pass.set_bind_group(0, &step.dispatch.bindings, &[]);
            pass.dispatch_workgroups(x, y, z);
        }
        let staging = self.submit(&step.map, encoder);
        let refused = scope.pop();
        let answer = self.receive(&step.map, staging).await;
        if let Some(error) = refused.await {
            return Err(failed(error.to_string()));
        }
        let [_, _, height, width] = step.map.shape;
        Ok(ClassMaps {
            size: [height, width],
            parts: step.parts,
            values: answer?,
        })
    }

    /// What the last run left in a map, `[batch, channels, height, width]` row by row.
    ///
    /// # Errors
    /// A device that is lost.
    pub async fn read(&self, map: &Map) -> Result<Vec<f32>, DeviceError> {
        let descriptor = wgpu::CommandEncoderDescriptor::default();
        let encoder = self.gpu.device.create_command_encoder(&descriptor);
        let staging = self.submit(map, encoder);
        self.receive(&staging, |bytes| map.values(bytes)).await
    }

    /// Submits what is encoded and a copy of `map` into a buffer that can be read.
    fn submit(&self, map: &Map, mut encoder: wgpu::CommandEncoder) -> wgpu::Buffer {
        let Gpu { device, queue, .. } = &self.gpu;
        let bytes = map.bytes() as u64;
        let staging = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size: bytes,
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        encoder.copy_buffer_to_buffer(&map.buffer, 0, &staging, 0, bytes);
        queue.submit([encoder.finish()]);
        staging
    }

    /// Waits for the bytes that are copied into `staging`, and reads them.
    async fn receive<T>(
        &self,
        staging: &wgpu::Buffer,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, DeviceError> {
        let (tell, told) = oneshot::channel();
        staging.map_async(wgpu::MapMode::Read, .., move |outcome| {
            // Whoever waited may have gone.
            let _ = tell.send(outcome);
        });
        if !matches!(told.await, Ok(Ok(()))) {
            self.gpu.check()?;
            let reason = "its answer could not be read".to_owned();
            return Err(DeviceError::Failed { reason });
        }
        let view = staging
            .get_mapped_range(..)
            .map_err(|error| DeviceError::Failed {
                reason: error.to_string(),
            })?;
        let answer = read(&view);
        drop(view);
        staging.destroy();
        Ok(answer)
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
    fn encode(&self, pass: &mut wgpu::ComputePass<'_>) {
        let [x, y, z] = self.workgroups;
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}

impl ClassMaps {
    /// Height and width.
    pub const fn size(&self) -> [usize; 2] {
        self.size
    }

    /// A class's map, row by row.
    pub fn of_class(&self, class: usize) -> Vec<f32> {
        let pixels = self.size[0] * self.size[1];
        let own = self.values.iter().skip(class * pixels).take(pixels);
        own.map(|value| value / self.parts as f32).collect()
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

    const fn bytes(&self) -> usize {
        self.shape[0] * self.pixels() * self.quads() * QUAD * self.number.size()
    }

    /// What its bytes say, `[batch, channels, height, width]` row by row.
    fn values(&self, bytes: &[u8]) -> Vec<f32> {
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
    pipeline: wgpu::ComputePipeline,
    /// From binding 1 on.
    buffers: Vec<Arc<wgpu::Buffer>>,
    parameters: Vec<usize>,
    workgroups: [usize; 3],
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
        bytes: usize,
        usage: wgpu::BufferUsages,
    ) -> Result<Arc<wgpu::Buffer>, Error> {
        let largest = self.gpu.largest_binding();
        if bytes as u64 > largest {
            let reason = format!("a tensor of {bytes} bytes is needed, and it allows {largest}");
            return Err(DeviceError::Failed { reason }.into());
        }
        let buffer = Arc::new(self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes as u64,
            usage: usage | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        }));
        self.buffers.0.push(Arc::clone(&buffer));
        Ok(buffer)
    }

    /// A buffer with numbers in it.
    fn filled(&mut self, values: &[f32], number: Number) -> Result<Arc<wgpu::Buffer>, Error> {
        let bytes = bytes_of(values, number);
        let buffer = self.buffer(bytes.len(), wgpu::BufferUsages::STORAGE)?;
        self.gpu.queue.write_buffer(&buffer, 0, &bytes);
        Ok(buffer)
    }

    /// Memory for a map: that of one which nobody reads any more, if it is large enough.
    fn map(&mut self, shape: [usize; 4]) -> Result<Map, Error> {
        self.map_of(shape, self.gpu.number())
    }

    fn map_of(&mut self, shape: [usize; 4], number: Number) -> Result<Map, Error> {
        let [batch, channels, height, width] = shape;
        let bytes = batch * channels.next_multiple_of(QUAD) * height * width * number.size();
        let fitting = self.free.iter().enumerate();
        let fitting = fitting.filter(|(_, buffer)| buffer.size() >= bytes as u64);
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
    ) -> Result<Map, Error> {
        let (weight, bias) = take_folded(spec, source)?;
        let packed = pack_convolution(&weight, spec.shape());
        let [batch, _, height, width] = x.shape;
        let [out_height, out_width] = spec.output_size([height, width]);
        let y = self.map([batch, spec.output_channels, out_height, out_width])?;
        let weights = self.filled(&packed.values, self.gpu.number())?;
        let bias = self.filled(&padded(bias), Number::F32)?;
        let mut buffers = vec![x.buffer.clone(), y.buffer.clone(), weights, bias];
        buffers.extend(residual.map(|residual| residual.buffer.clone()));
        let pipelines = &self.gpu.pipelines;
        let pipeline = match residual {
            Some(_) => &pipelines.convolution_onto,
            None => &pipelines.convolution,
        };
        self.steps.push(Step {
            layer: spec.name.clone(),
            pipeline: pipeline.clone(),
            buffers,
            parameters: vec![
                height,
                width,
                out_height,
                out_width,
                x.quads(),
                y.quads(),
                packed.span_quads,
                packed.span_outputs,
                spec.kernel,
                spec.stride,
                spec.padding,
                usize::from(relu),
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
    ) -> Result<Map, Error> {
        let y = self.convolved(&x, residual, spec.relu.is_some(), spec, source)?;
        self.show(spec.relu.as_deref().or(Some(&spec.norm)), &y);
        self.release(x);
        Ok(y)
    }

    fn max_pool(&mut self, x: Map, spec: &PoolSpec) -> Result<Map, Error> {
        let [batch, channels, height, width] = x.shape;
        let [out_height, out_width] = spec.output_size([height, width]);
        let y = self.map([batch, channels, out_height, out_width])?;
        self.steps.push(Step {
            layer: spec.name.clone(),
            pipeline: self.gpu.pipelines.max_pool.clone(),
            buffers: vec![x.buffer.clone(), y.buffer.clone()],
            parameters: vec![height, width, out_height, out_width, x.quads(), batch],
            workgroups: [(y.pixels() * y.quads()).div_ceil(INVOCATIONS), batch, 1],
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
    ) -> Result<Map, Error> {
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
    ) -> Result<Map, Error> {
        let mut x = features.clone();
        let [batch, channels, height, width] = x.shape;
        if let Some(name) = &spec.pool {
            let y = self.map([batch, channels, 1, 1])?;
            self.steps.push(Step {
                layer: name.clone(),
                pipeline: self.gpu.pipelines.average_pool.clone(),
                buffers: vec![x.buffer.clone(), y.buffer.clone()],
                parameters: vec![x.pixels(), x.quads()],
                workgroups: [x.quads().div_ceil(INVOCATIONS), batch, 1],
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
    fn finish(mut self, input: Map, output: Map) -> Result<Plan, Error> {
        self.gpu.check()?;
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
        let all = self.buffer(parameters.len(), wgpu::BufferUsages::UNIFORM)?;
        self.gpu.queue.write_buffer(&all, 0, &parameters);
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
                layout: &step.pipeline.get_bind_group_layout(0),
                entries: &entries,
            });
            Dispatch {
                layer: step.layer,
                pipeline: step.pipeline,
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

fn bytes_of(values: &[f32], number: Number) -> Cow<'_, [u8]> {
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
