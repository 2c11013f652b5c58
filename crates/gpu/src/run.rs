//! A run of a plan: one submission, one readback.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use burn_wgpu::wgpu;
use resnet_web_core::class_map::class_map;
use resnet_web_core::summary::LayerTime;
use web_time::Instant;

use crate::error::GpuError;
use crate::layout::{space_to_depth, to_bytes, to_nhwc};
use crate::plan::{ClassMapsStep, Dispatch, HeadOnCpu, Map, Plan};
use crate::timing::{self, Timestamps};

/// Timed runs that count, at most. Browsers round timestamps (Chromium to 65 microseconds), and a layer may take less. But
/// layers begin at any moment between two ticks, so the mean of several runs is close.
const TIMED_RUNS: usize = 20;
/// No timed run begins after so long: a software adapter takes seconds for each.
const ENOUGH: Duration = Duration::from_millis(500);

/// What a run copies back beside the logits and what is observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readback {
    Nothing,
    /// The features.
    Features,
    /// The features, and what class activation maps are made of.
    ClassMaps,
    /// The timestamps around each dispatch.
    Timestamps,
}

/// A run that was submitted.
pub struct PendingRun<'a> {
    plan: &'a Plan,
    readback: Readback,
    refused: Pin<Box<dyn Future<Output = Option<wgpu::Error>>>>,
    staging: wgpu::Buffer,
    mapped: oneshot::Receiver<Result<(), wgpu::BufferAsyncError>>,
}

/// The outputs of a run, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Outputs {
    /// `[batch, classes]`. None of a network without a head, or of a lone block.
    pub logits: Vec<f32>,
    /// What the head's layers read, `[batch, features]`; a lone block's map. None unless they were asked for, or there are no
    /// logits.
    pub features: Vec<f32>,
    /// The maps that are observed, `[batch, channels, height, width]`, in the order of [`Plan::observed`].
    pub observed: Vec<(String, Vec<f32>)>,
    /// The bytes of the [`Readback`] but for the features.
    rest: Vec<u8>,
}

/// The result of a timed run.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedRun {
    /// As those of an ordinary run.
    pub logits: Vec<f32>,
    /// Each dispatch, in the order of computation.
    pub layers: Vec<LayerTime>,
}

/// Class activation maps: what each place of the map that the head reads adds to each logit.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMaps {
    size: [usize; 2],
    values: ClassMapValues,
}

#[derive(Debug, Clone, PartialEq)]
enum ClassMapValues {
    /// `[classes, height, width]`, and over how many places the head takes the mean.
    OfClasses(Vec<f32>, usize),
    /// What the head reads, `[channels, height, width]`, and the head.
    Features(Vec<f32>, Arc<HeadOnCpu>),
}

impl Plan {
    /// Computes a network's logits for `input`, `[batch, channels, height, width]` row by row.
    ///
    /// # Errors
    /// A device that is lost, or that refuses any part of the run.
    pub async fn run(&self, input: &[f32]) -> Result<Vec<f32>, GpuError> {
        Ok(self.start(input)?.read().await?.logits)
    }

    /// Computes the logits as [`run`](Self::run) does, and returns the features with them.
    ///
    /// # Errors
    /// As those of an ordinary run.
    pub async fn run_with_features(&self, input: &[f32]) -> Result<Outputs, GpuError> {
        self.submit(input, Readback::Features)?.read().await
    }

    /// Computes the logits as [`run`](Self::run) does, and times each dispatch by the GPU's own clock. Each dispatch has a pass
    /// to itself for this. `None` where the adapter or the browser has no timestamps.
    ///
    /// Browsers round timestamps to a tenth of a millisecond or so: see [`layer_times`](Self::layer_times).
    ///
    /// # Errors
    /// As those of an ordinary run.
    pub async fn run_timed(&self, input: &[f32]) -> Result<Option<TimedRun>, GpuError> {
        if !self.gpu.caps().timestamps {
            return Ok(None);
        }
        let pending = self.submit(input, Readback::Timestamps)?;
        let Outputs { logits, rest, .. } = pending.read().await?;
        let layers = self.dispatches.iter().zip(timing::milliseconds(&rest));
        let timed = layers.map(|(dispatch, milliseconds)| LayerTime {
            layer: dispatch.layer.clone(),
            milliseconds,
        });
        Ok(Some(TimedRun {
            logits,
            layers: timed.collect(),
        }))
    }

    /// How long each dispatch takes, in the order of computation: the mean of some runs after a first one, during which the GPU
    /// may still be waking up. `None` without timestamps, or where they are of no use.
    ///
    /// # Errors
    /// A device that is lost.
    pub async fn layer_times(&self, input: &[f32]) -> Result<Option<Vec<LayerTime>>, GpuError> {
        let start = Instant::now();
        let mut runs = Vec::new();
        while runs.len() < 2 || (runs.len() <= TIMED_RUNS && start.elapsed() < ENOUGH) {
            match self.run_timed(input).await {
                Ok(Some(run)) => runs.push(run.layers),
                // If more than the timestamps fails, ordinary runs report it.
                Ok(None) | Err(GpuError::Failed { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(timing::mean(&runs[1..]))
    }

    /// Computes features and logits of one image as [`run_with_features`](Self::run_with_features) does, and the class
    /// activation maps.
    ///
    /// # Errors
    /// As those of a run; what has no head has no classes.
    pub async fn run_with_class_maps(
        &self,
        input: &[f32],
    ) -> Result<(Outputs, ClassMaps), GpuError> {
        let Some(step) = &self.class_maps else {
            let reason = "this network has no classes".to_owned();
            return Err(GpuError::Failed { reason });
        };
        let outputs = self.submit(input, Readback::ClassMaps)?.read().await?;
        let map = step.map();
        let [_, _, height, width] = map.shape();
        let values = map.values(&outputs.rest);
        let values = match step {
            ClassMapsStep::OnGpu { places, .. } => ClassMapValues::OfClasses(values, *places),
            ClassMapsStep::OnCpu { head, .. } => ClassMapValues::Features(values, head.clone()),
        };
        let maps = ClassMaps {
            size: [height, width],
            values,
        };
        Ok((outputs, maps))
    }

    /// Submits a run for `input`, `[batch, channels, height, width]` row by row.
    ///
    /// # Errors
    /// A device that is lost.
    pub fn start(&self, input: &[f32]) -> Result<PendingRun<'_>, GpuError> {
        self.submit(input, Readback::Nothing)
    }

    fn submit(&self, input: &[f32], readback: Readback) -> Result<PendingRun<'_>, GpuError> {
        let device = &self.gpu.device;
        self.gpu.check()?;
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        self.write(input);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let timestamps = (readback == Readback::Timestamps)
            .then(|| Timestamps::new(device, self.dispatches.len()));
        let class_maps = self.class_maps.as_ref();
        let class_maps = class_maps.filter(|_| readback == Readback::ClassMaps);
        match &timestamps {
            None => {
                let descriptor = wgpu::ComputePassDescriptor::default();
                let mut pass = encoder.begin_compute_pass(&descriptor);
                let last = class_maps.and_then(ClassMapsStep::dispatch);
                for dispatch in self.dispatches.iter().chain(last) {
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

        // All that is read back is copied into one buffer, because mapping takes a wait for each.
        let outputs = self.outputs(readback).map(Map::source);
        let mut sources: Vec<_> = outputs.collect();
        if let Some(timestamps) = &timestamps {
            let resolved = timestamps.resolve(&mut encoder);
            sources.push((resolved, resolved.size()));
        }
        sources.extend(class_maps.map(|step| step.map().source()));
        let staging = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size: sources.iter().map(|(_, bytes)| bytes).sum(),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut start = 0;
        for (buffer, bytes) in sources {
            encoder.copy_buffer_to_buffer(buffer, 0, &staging, start, bytes);
            start += bytes;
        }
        self.gpu.queue.submit([encoder.finish()]);
        let (sender, mapped) = oneshot::channel();
        staging.map_async(wgpu::MapMode::Read, .., move |outcome| {
            // The run may have been dropped.
            let _ = sender.send(outcome);
        });
        Ok(PendingRun {
            plan: self,
            readback,
            // Popped before anything is awaited: scopes are a stack, and another run may begin meanwhile.
            refused: Box::pin(scope.pop()),
            staging,
            mapped,
        })
    }

    /// Writes an image to the GPU.
    fn write(&self, input: &[f32]) {
        let map = &self.input;
        let shape = map.shape();
        let input = match self.space_to_depth {
            Some(deep) => {
                let [_, _, down, across] = shape;
                Cow::Owned(space_to_depth(
                    input,
                    deep.image,
                    deep.padding,
                    [down, across],
                ))
            }
            None => Cow::Borrowed(input),
        };
        let input = to_nhwc(&input, shape);
        let bytes = to_bytes(&input, map.spec.dtype);
        self.gpu.queue.write_buffer(&map.buffer, 0, &bytes);
    }

    /// The maps that a run reads back, in their order in the staging buffer.
    fn outputs(&self, readback: Readback) -> impl Iterator<Item = &Map> {
        let observed = self.observed.iter().map(|(_, map)| map);
        let features = self.reads_features(readback).then_some(&self.features);
        self.logits.iter().chain(features).chain(observed)
    }

    fn reads_features(&self, readback: Readback) -> bool {
        self.logits.is_none() || matches!(readback, Readback::Features | Readback::ClassMaps)
    }
}

impl PendingRun<'_> {
    /// Waits for the outputs.
    ///
    /// # Errors
    /// A device that is lost, or that refused any part of the run.
    pub async fn read(self) -> Result<Outputs, GpuError> {
        let gpu = &self.plan.gpu;
        let mapped = self.mapped.await;
        // A dispatch that the browser refuses leaves in memory what was there before, and is reported nowhere but here.
        if let Some(error) = self.refused.await {
            let reason = error.to_string();
            return Err(GpuError::Failed { reason });
        }
        gpu.check()?;
        if !matches!(mapped, Ok(Ok(()))) {
            let reason = "its output could not be read".to_owned();
            return Err(GpuError::Failed { reason });
        }
        let view = self.staging.get_mapped_range(..);
        let view = view.map_err(|error| GpuError::Failed {
            reason: error.to_string(),
        })?;
        let mut rest = &view[..];
        let mut values = self.plan.outputs(self.readback).map(|map| {
            let (own, after) = rest.split_at(map.bytes() as usize);
            rest = after;
            map.values(own)
        });
        let mut next_if = |is_there: bool| {
            let values = is_there.then(|| values.next()).flatten();
            values.unwrap_or_default()
        };
        let logits = next_if(self.plan.logits.is_some());
        let features = next_if(self.plan.reads_features(self.readback));
        let names = self.plan.observed.iter().map(|(name, _)| name.clone());
        let observed = names.zip(values).collect();
        let rest = rest.to_vec();
        drop(view);
        self.staging.destroy();
        Ok(Outputs {
            logits,
            features,
            observed,
            rest,
        })
    }
}

impl ClassMapsStep {
    const fn dispatch(&self) -> Option<&Dispatch> {
        match self {
            Self::OnGpu { dispatch, .. } => Some(dispatch),
            Self::OnCpu { .. } => None,
        }
    }

    /// What is read back.
    const fn map(&self) -> &Map {
        match self {
            Self::OnGpu { map, .. } | Self::OnCpu { map, .. } => map,
        }
    }
}

impl ClassMaps {
    /// Height and width.
    pub const fn size(&self) -> [usize; 2] {
        self.size
    }

    /// A class's map, row by row. Together with what the biases add its places sum up to the logit.
    pub fn of_class(&self, class: usize) -> Vec<f32> {
        let pixels = self.size[0] * self.size[1];
        match &self.values {
            ClassMapValues::OfClasses(values, places) => {
                let own = values.iter().skip(class * pixels).take(pixels);
                own.map(|value| value / *places as f32).collect()
            }
            ClassMapValues::Features(map, head) => {
                class_map(head.kind, &head.layers, map, pixels, class)
            }
        }
    }
}
