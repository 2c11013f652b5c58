//! A network on the device that computes it.

use std::sync::Arc;
#[cfg(feature = "webgpu")]
use std::sync::atomic::{AtomicBool, Ordering};

use burn::prelude::*;

use super::OnGpu;
#[cfg(feature = "webgpu")]
use crate::backend::self_check;
use crate::backend::{DeviceError, Processor};
use crate::cpu::CpuResNet;
use crate::cpu::ops::{arithmetics, supported, tensor};
use crate::error::Error;
#[cfg(feature = "webgpu")]
use crate::gpu::{ClassMaps, Gpu, Options, Plan};
use crate::inspect::Inspection;
use crate::resnet::NetworkSpec;
use crate::resnet::conv::Arithmetic;
use crate::summary::LayerTime;
use crate::weights::TensorSource;
#[cfg(feature = "webgpu")]
use crate::weights::synthetic;

/// A network on its device, for inputs of one shape.
#[derive(Debug)]
pub(super) struct DeviceNetwork {
    input_shape: [usize; 4],
    network: Network,
}

#[derive(Debug)]
enum Network {
    Cpu(Arc<CpuResNet>),
    #[cfg(feature = "webgpu")]
    Gpu(Arc<GpuNetwork>),
}

/// A network on a GPU.
#[cfg(feature = "webgpu")]
#[derive(Debug)]
pub(super) struct GpuNetwork {
    plan: Plan,
    gpu: Gpu,
    /// Whether every kind of its layers has been checked on this GPU.
    is_checked: AtomicBool,
}

/// A run of a network, which it keeps in memory.
#[derive(Debug)]
pub(super) enum NetworkRun {
    /// On the CPU: what the steps so far have computed, unless one of them failed, and the step that is next.
    Cpu {
        network: Arc<CpuResNet>,
        map: Option<Tensor<4>>,
        step: usize,
    },
    /// On a GPU a run is one submission, which is still to come.
    #[cfg(feature = "webgpu")]
    Gpu {
        network: Arc<GpuNetwork>,
        input: Vec<f32>,
    },
}

/// The numbers that a run ends with.
pub(super) struct Outputs {
    /// What enters the head's layers, if that was asked for. A GPU also returns it where it comes for nothing.
    pub(super) features: Vec<f32>,
    /// One for each class.
    pub(super) logits: Vec<f32>,
    /// If that was asked for.
    pub(super) trace: Option<Trace>,
}

/// What is kept of a run to compute class activation maps from.
pub(super) enum Trace {
    /// The last stage's feature maps, and the network that computed them.
    Cpu(Arc<CpuResNet>, Tensor<4>),
    #[cfg(feature = "webgpu")]
    Gpu(ClassMaps),
}

/// What convolutions compute in on `processor` when they are asked for `arithmetic`.
pub(super) fn arithmetic_on(processor: &Processor, arithmetic: Arithmetic) -> Arithmetic {
    match processor {
        Processor::Cpu => supported(arithmetic),
        #[cfg(feature = "webgpu")]
        Processor::Gpu(_) => Arithmetic::F32,
    }
}

impl DeviceNetwork {
    /// Builds the network that `spec` describes with the tensors of `source`.
    pub(super) fn load(
        spec: &NetworkSpec,
        source: &mut dyn TensorSource,
        input_shape: [usize; 4],
        arithmetic: Arithmetic,
        processor: &Processor,
    ) -> Result<Self, Error> {
        let network = match processor {
            Processor::Cpu => {
                let network = CpuResNet::load(spec.clone(), source, arithmetic)?;
                Network::Cpu(Arc::new(network))
            }
            #[cfg(feature = "webgpu")]
            Processor::Gpu(gpu) => {
                let plan = Plan::of_network(spec, source, input_shape, Options::default(), gpu)?;
                Network::Gpu(Arc::new(GpuNetwork {
                    plan,
                    gpu: (**gpu).clone(),
                    is_checked: AtomicBool::new(!self_check::is_variant(&spec.config)),
                }))
            }
        };
        Ok(Self {
            input_shape,
            network,
        })
    }

    /// Every arithmetic that convolutions can compute in on this device.
    pub(super) fn arithmetics(&self) -> Vec<Arithmetic> {
        match &self.network {
            Network::Cpu(_) => arithmetics(),
            #[cfg(feature = "webgpu")]
            Network::Gpu(_) => vec![Arithmetic::F32],
        }
    }

    /// What it takes on a GPU.
    pub(super) fn on_gpu(&self) -> Option<OnGpu> {
        match &self.network {
            Network::Cpu(_) => None,
            #[cfg(feature = "webgpu")]
            Network::Gpu(network) => Some(OnGpu {
                dispatches: network.plan.dispatches(),
                bytes: network.plan.bytes(),
            }),
        }
    }

    /// Begins a run. Nothing is computed yet.
    pub(super) fn begin(&self, input: Vec<f32>) -> NetworkRun {
        match &self.network {
            Network::Cpu(network) => NetworkRun::Cpu {
                network: network.clone(),
                map: Some(tensor(input, self.input_shape)),
                step: 0,
            },
            #[cfg(feature = "webgpu")]
            Network::Gpu(network) => NetworkRun::Gpu {
                network: network.clone(),
                input,
            },
        }
    }

    /// Runs the network and inspects every layer. Not on a GPU.
    pub(super) fn inspect(&self, input: Vec<f32>) -> Result<Inspection, Error> {
        match &self.network {
            Network::Cpu(network) => Ok(Inspection::of(network, tensor(input, self.input_shape))?),
            #[cfg(feature = "webgpu")]
            Network::Gpu(_) => {
                let reason = "layers are inspected on the CPU: load the weights there".to_owned();
                Err(DeviceError::Failed { reason }.into())
            }
        }
    }

    /// How long a GPU takes for each layer.
    pub(super) async fn layer_times(&self) -> Result<Option<Vec<LayerTime>>, Error> {
        match &self.network {
            Network::Cpu(_) => Ok(None),
            #[cfg(feature = "webgpu")]
            Network::Gpu(network) => Ok(network
                .plan
                .layer_times(&synthetic::input(self.input_shape))
                .await?),
        }
    }
}

impl NetworkRun {
    /// Computes the next step on the CPU, and returns whether there are more.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        match self {
            Self::Cpu { network, map, step } => {
                if *step < network.steps() {
                    *map = Some(network.step(*step, taken(map)?)?);
                    *step += 1;
                }
                Ok(*step < network.steps())
            }
            #[cfg(feature = "webgpu")]
            Self::Gpu { .. } => Ok(false),
        }
    }

    /// Computes what is left: logits, and features and a trace if they are asked for.
    pub(super) async fn finish(mut self, embedded: bool, traced: bool) -> Result<Outputs, Error> {
        while self.advance()? {}
        match self {
            Self::Cpu {
                network, mut map, ..
            } => {
                let map = taken(&mut map)?;
                let kept = traced.then(|| map.clone());
                let features = network.pool(map);
                let logits = if network.spec().head.layers.is_empty() {
                    Vec::new()
                } else {
                    read(network.classify(features.clone())).await?
                };
                let features = match embedded {
                    true => read(features).await?,
                    false => Vec::new(),
                };
                Ok(Outputs {
                    features,
                    logits,
                    trace: kept.map(|map| Trace::Cpu(network, map)),
                })
            }
            #[cfg(feature = "webgpu")]
            Self::Gpu { network, input } => {
                network.check().await?;
                let plan = &network.plan;
                let (outputs, trace) = match (traced, embedded) {
                    (true, _) => {
                        let (outputs, maps) = plan.run_with_class_maps(&input).await?;
                        (outputs, Some(Trace::Gpu(maps)))
                    }
                    (false, true) => (plan.run_with_features(&input).await?, None),
                    (false, false) => (plan.start(&input)?.read().await?, None),
                };
                Ok(Outputs {
                    features: outputs.features,
                    logits: outputs.logits,
                    trace,
                })
            }
        }
    }
}

#[cfg(feature = "webgpu")]
impl GpuNetwork {
    /// Checks the kinds of layers that were not checked when the GPU was opened, before the first run.
    async fn check(&self) -> Result<(), DeviceError> {
        if self.is_checked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let checked = self_check::of_variants(&self.gpu).await;
        checked.map_err(|error| match error {
            // The GPU has been in use, and is to be replaced as one that fails.
            DeviceError::SelfCheck { .. } => DeviceError::Failed {
                reason: error.to_string(),
            },
            other => other,
        })?;
        self.is_checked.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// The numbers of a tensor, row by row.
async fn read(x: Tensor<2>) -> Result<Vec<f32>, DeviceError> {
    let data = x.into_data_async().await;
    let data = data.map_err(|error| DeviceError::Failed {
        reason: error.to_string(),
    })?;
    Ok(data.iter::<f32>().collect())
}

/// Takes the feature maps, so that the step that reads them can use their memory again.
fn taken(map: &mut Option<Tensor<4>>) -> Result<Tensor<4>, DeviceError> {
    map.take().ok_or_else(|| DeviceError::Failed {
        reason: "a step of this run has failed before: begin another run".to_owned(),
    })
}

impl Trace {
    /// The class activation map of a logit: height and width, and the values row by row.
    pub(super) fn class_map(self, logit: usize) -> ([usize; 2], Vec<f32>) {
        match self {
            Self::Cpu(network, features) => {
                let [_, _, height, width] = features.dims();
                ([height, width], network.evidence(features, logit))
            }
            #[cfg(feature = "webgpu")]
            Self::Gpu(maps) => (maps.size(), maps.of_class(logit)),
        }
    }
}
