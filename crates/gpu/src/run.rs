//! A run of a plan: one submission, one readback.

use std::borrow::Cow;
use std::pin::Pin;
use std::time::Duration;

use burn_wgpu::wgpu;
use resnet_web_core::summary::LayerTime;
use web_time::Instant;

use crate::error::GpuError;
use crate::layout::{space_to_depth, to_bytes, to_nhwc};
use crate::plan::{Map, Plan};
use crate::timing::{self, Timestamps};

/// Timed runs that count, at most. Browsers round timestamps (Chromium to 65 microseconds), and a layer may take less. But
/// layers begin at any moment between two ticks, so the mean of several runs is close.
const TIMED_RUNS: usize = 20;
/// No timed run begins after so long: a software adapter takes seconds for each.
const ENOUGH: Duration = Duration::from_millis(500);

/// What a run copies back beside its outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readback {
    Nothing,
    /// The timestamps around each dispatch.
    Timestamps,
    /// The class activation maps.
    ClassMaps,
}

/// A run that was submitted.
pub struct PendingRun<'a> {
    plan: &'a Plan,
    readback: Readback,
    refused: Pin<Box<dyn Future<Output = Option<wgpu::Error>>>>,
    staging: wgpu::Buffer,
    mapped: oneshot::Receiver<Result<(), wgpu::BufferAsyncError>>,
}

/// The outputs of a run, each `[batch, channels, height, width]` row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Outputs {
    /// A network's logits, or a lone block's map.
    pub output: Vec<f32>,
    /// The maps that are observed, in the order of [`Plan::observed`].
    pub observed: Vec<(String, Vec<f32>)>,
    /// The bytes of the [`Readback`].
    readback: Vec<u8>,
}

/// The result of a timed run.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedRun {
    /// As that of an ordinary run.
    pub output: Vec<f32>,
    /// Each dispatch, in the order of computation.
    pub layers: Vec<LayerTime>,
}

/// Class activation maps: what each place of the last stage's map adds to each logit.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMaps {
    size: [usize; 2],
    places: usize,
    /// `[classes, height, width]`
    values: Vec<f32>,
}

impl Plan {
    /// Computes the output for `input`, `[batch, channels, height, width]` row by row: the logits of a network.
    ///
    /// # Errors
    /// A device that is lost, or that refuses any part of the run.
    pub async fn run(&self, input: &[f32]) -> Result<Vec<f32>, GpuError> {
        Ok(self.start(input)?.read().await?.output)
    }

    /// Computes the output as [`run`](Self::run) does, and times each dispatch by the GPU's own clock. Each dispatch has a pass
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
        let Outputs {
            output, readback, ..
        } = pending.read().await?;
        let layers = self.dispatches.iter().zip(timing::milliseconds(&readback));
        let timed = layers.map(|(dispatch, milliseconds)| LayerTime {
            layer: dispatch.layer.clone(),
            milliseconds,
        });
        Ok(Some(TimedRun {
            output,
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

    /// Computes the output for one image as [`run`](Self::run) does, and the class activation maps.
    ///
    /// # Errors
    /// As those of a run; a block alone has no classes.
    pub async fn run_with_class_maps(
        &self,
        input: &[f32],
    ) -> Result<(Vec<f32>, ClassMaps), GpuError> {
        let Some(step) = &self.class_maps else {
            let reason = "a block alone has no classes".to_owned();
            return Err(GpuError::Failed { reason });
        };
        let pending = self.submit(input, Readback::ClassMaps)?;
        let Outputs {
            output, readback, ..
        } = pending.read().await?;
        let [_, _, height, width] = step.map.shape();
        let maps = ClassMaps {
            size: [height, width],
            places: step.places,
            values: step.map.values(&readback),
        };
        Ok((output, maps))
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
                let last = class_maps.map(|step| &step.dispatch);
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
        let outputs = self.outputs().map(|map| (&*map.buffer, map.bytes()));
        let mut sources: Vec<_> = outputs.collect();
        if let Some(timestamps) = &timestamps {
            let resolved = timestamps.resolve(&mut encoder);
            sources.push((resolved, resolved.size()));
        }
        sources.extend(class_maps.map(|step| (&*step.map.buffer, step.map.bytes())));
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

    /// The maps that every run reads back, in their order in the staging buffer.
    fn outputs(&self) -> impl Iterator<Item = &Map> {
        let observed = self.observed.iter().map(|(_, map)| map);
        std::iter::once(&self.output).chain(observed)
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
        let mut values = self.plan.outputs().map(|map| {
            let (own, after) = rest.split_at(map.bytes() as usize);
            rest = after;
            map.values(own)
        });
        let output = values.next().unwrap_or_default();
        let names = self.plan.observed.iter().map(|(name, _)| name.clone());
        let observed = names.zip(values).collect();
        let readback = match self.readback {
            Readback::Nothing => Vec::new(),
            Readback::Timestamps | Readback::ClassMaps => rest.to_vec(),
        };
        drop(view);
        self.staging.destroy();
        Ok(Outputs {
            output,
            observed,
            readback,
        })
    }
}

impl ClassMaps {
    /// Height and width.
    pub const fn size(&self) -> [usize; 2] {
        self.size
    }

    /// A class's map, row by row. Together with the class's bias its places sum up to the logit.
    pub fn of_class(&self, class: usize) -> Vec<f32> {
        let pixels = self.size[0] * self.size[1];
        let own = self.values.iter().skip(class * pixels).take(pixels);
        own.map(|value| value / self.places as f32).collect()
    }
}
