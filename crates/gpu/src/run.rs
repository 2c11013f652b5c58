//! A run of a plan: one submission, one answer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::pin::Pin;

use burn_wgpu::wgpu;

use super::GpuError;
use super::LayerTime;
use super::layout::{cells, interleave};
use super::plan::{Map, Plan, bytes_of};
use super::times::{self, Timestamps};

/// What a run is asked for beside its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    /// How long each dispatch takes.
    Times,
    /// What speaks for each class, and where.
    Evidence,
}

/// A run under way.
pub struct Run<'a> {
    plan: &'a Plan,
    beside: Beside,
    refused: Pin<Box<dyn Future<Output = Option<wgpu::Error>>>>,
    staging: wgpu::Buffer,
    mapped: oneshot::Receiver<Result<(), wgpu::BufferAsyncError>>,
}

/// What a run gave out, all of it `[batch, channels, height, width]` row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The output: a network's logits.
    pub output: Vec<f32>,
    /// The maps that were kept, by their names as in [`Plan::seen`].
    pub seen: BTreeMap<String, Vec<f32>>,
    /// What was asked for beside, as it came.
    beside: Vec<u8>,
}

/// What a run gave out that was timed.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedRun {
    /// As an ordinary run gives it out.
    pub output: Vec<f32>,
    /// Each dispatch, in the order of computation.
    pub layers: Vec<LayerTime>,
}

/// What each place of the last stage's map adds to each logit.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMaps {
    size: [usize; 2],
    parts: usize,
    /// `[classes, height, width]`
    values: Vec<f32>,
}

impl Plan {
    /// Computes the output for `input`, `[batch, channels, height, width]` row by row: the logits of a network.
    ///
    /// # Errors
    /// [`GpuError`]: a device that is lost, or refuses any part of it. What it gave out is then not told.
    pub async fn run(&self, input: &[f32]) -> Result<Vec<f32>, GpuError> {
        Ok(self.start(input)?.answer().await?.output)
    }

    /// Computes the output as [`run`](Self::run) does, and tells how long each dispatch took by the GPU's own clock. Each has
    /// a pass to itself for it. `None` where the adapter or the browser has no such clock.
    ///
    /// Browsers round what the clock says to a tenth of a millisecond or so: see [`layer_times`](Self::layer_times).
    ///
    /// # Errors
    /// As those of an ordinary run.
    pub async fn run_timed(&self, input: &[f32]) -> Result<Option<TimedRun>, GpuError> {
        if !self.gpu.has_clock() {
            return Ok(None);
        }
        let Answer { output, beside, .. } = self.begin(input, Beside::Times)?.answer().await?;
        let layers = self.dispatches.iter().zip(times::milliseconds(&beside));
        let timed = layers.map(|(dispatch, milliseconds)| LayerTime {
            layer: dispatch.layer.clone(),
            milliseconds,
        });
        Ok(Some(TimedRun {
            output,
            layers: timed.collect(),
        }))
    }

    /// As [`run`](Self::run) of one picture, and what each place of the last stage's map adds to each logit.
    ///
    /// # Errors
    /// As those of a run; a plan without a head has no evidence.
    pub async fn run_with_evidence(
        &self,
        input: &[f32],
    ) -> Result<(Vec<f32>, ClassMaps), GpuError> {
        let Some(step) = &self.evidence else {
            let reason = "a block alone tells no classes".to_owned();
            return Err(GpuError::Failed { reason });
        };
        let Answer { output, beside, .. } = self.begin(input, Beside::Evidence)?.answer().await?;
        let [_, _, height, width] = step.map.shape;
        let maps = ClassMaps {
            size: [height, width],
            parts: step.parts,
            values: step.map.values(&beside),
        };
        Ok((output, maps))
    }

    /// Has the GPU begin to compute the output for `input`, and whatever is kept of the maps before it.
    ///
    /// # Errors
    /// A device that is lost.
    pub fn start(&self, input: &[f32]) -> Result<Run<'_>, GpuError> {
        self.begin(input, Beside::Nothing)
    }

    fn begin(&self, input: &[f32], beside: Beside) -> Result<Run<'_>, GpuError> {
        let device = &self.gpu.device;
        self.gpu.check()?;
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        self.write(input);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let timestamps =
            (beside == Beside::Times).then(|| Timestamps::new(device, self.dispatches.len()));
        match &timestamps {
            None => {
                let descriptor = wgpu::ComputePassDescriptor::default();
                let mut pass = encoder.begin_compute_pass(&descriptor);
                let evidence = self.evidence.as_ref().map(|step| &step.dispatch);
                let evidence = evidence.filter(|_| beside == Beside::Evidence);
                for dispatch in self.dispatches.iter().chain(evidence) {
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

        // All that is read comes in one buffer, for each would be waited for anew.
        let mut sources: Vec<_> = self
            .answers()
            .map(|map| (&*map.buffer, map.bytes() as u64))
            .collect();
        match (&timestamps, &self.evidence) {
            (Some(timestamps), _) => {
                let resolved = timestamps.resolve(&mut encoder);
                sources.push((resolved, resolved.size()));
            }
            (None, Some(step)) if beside == Beside::Evidence => {
                sources.push((&step.map.buffer, step.map.bytes() as u64));
            }
            _ => {}
        }
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
        let (tell, mapped) = oneshot::channel();
        staging.map_async(wgpu::MapMode::Read, .., move |outcome| {
            // Whoever waited may have gone.
            let _ = tell.send(outcome);
        });
        Ok(Run {
            plan: self,
            beside,
            // Popped before anything is waited for: scopes are a stack, and another run may begin meanwhile.
            refused: Box::pin(scope.pop()),
            staging,
            mapped,
        })
    }

    /// Brings a picture onto the GPU.
    fn write(&self, input: &[f32]) {
        let map = &self.input.map;
        let input = match self.input.cells {
            Some((shape, padding)) => {
                let [_, _, down, across] = map.shape;
                Cow::Owned(cells(input, shape, padding, [down, across]))
            }
            None => Cow::Borrowed(input),
        };
        let input = interleave(&input, map.shape);
        let bytes = bytes_of(&input, map.number);
        self.gpu.queue.write_buffer(&map.buffer, 0, &bytes);
    }

    /// What comes back from every run, in the order in which it stands in the buffer that is read.
    fn answers(&self) -> impl Iterator<Item = &Map> {
        std::iter::once(&self.output).chain(self.seen.values())
    }
}

impl Run<'_> {
    /// Waits for what comes out.
    ///
    /// # Errors
    /// [`GpuError`]: a device that is lost, or refused any part of the run.
    pub async fn answer(self) -> Result<Answer, GpuError> {
        let gpu = &self.plan.gpu;
        let mapped = self.mapped.await;
        // A dispatch that the browser refuses leaves in memory what was there before, and says so nowhere but here.
        if let Some(error) = self.refused.await {
            let reason = error.to_string();
            return Err(GpuError::Failed { reason });
        }
        gpu.check()?;
        if !matches!(mapped, Ok(Ok(()))) {
            let reason = "its answer could not be read".to_owned();
            return Err(GpuError::Failed { reason });
        }
        let view = self.staging.get_mapped_range(..);
        let view = view.map_err(|error| GpuError::Failed {
            reason: error.to_string(),
        })?;
        let mut rest = &view[..];
        let mut values = self.plan.answers().map(|map| {
            let (own, after) = rest.split_at(map.bytes());
            rest = after;
            map.values(own)
        });
        let output = values.next().unwrap_or_default();
        let seen = self.plan.seen.keys().cloned().zip(values).collect();
        let beside = match self.beside {
            Beside::Nothing => Vec::new(),
            Beside::Times | Beside::Evidence => rest.to_vec(),
        };
        drop(view);
        self.staging.destroy();
        Ok(Answer {
            output,
            seen,
            beside,
        })
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
