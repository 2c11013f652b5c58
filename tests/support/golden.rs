//! Golden files: what PyTorch computed, and how far we are from it.

use std::collections::BTreeMap;

use burn::prelude::*;
use resnet_web::cpu::{CpuBlock, CpuResNet};
#[cfg(feature = "webgpu")]
use resnet_web::gpu::{Gpu, Options, Plan};
use resnet_web::network::{ResNet, ResidualBlock};
use resnet_web::observe::{Observer, Output};
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::resnet::{
    BlockConfig, BlockKind, Depth, Family, NetworkSpec, ResNetConfig, StrideOn,
};
use resnet_web::summary::Summary;
use resnet_web::weights::synthetic::{Synthetic, input};
use serde::Deserialize;

/// How far a value may be off, relative to the tensor's largest absolute value.
pub const TOLERANCE: f32 = 1e-3;

/// A golden file.
#[derive(Debug, Deserialize)]
pub struct Golden {
    pub case: String,
    arch: Arch,
    input_shape: [usize; 4],
    layers: Vec<Layer>,
    params_total: u64,
    #[serde(default)]
    logits: Vec<Vec<f32>>,
    #[serde(default)]
    probs: Vec<Vec<f32>>,
    activations: BTreeMap<String, Activation>,
}

#[derive(Debug, Deserialize)]
struct Layer {
    name: String,
    kind: String,
    output_shape: Vec<usize>,
    params: u64,
}

#[derive(Debug, Deserialize)]
struct Activation {
    abs_max: f32,
    mean: f32,
    std: f32,
    samples: Vec<(usize, f32)>,
}

/// Which network, in the words of PyTorch's constructors.
#[derive(Debug, Deserialize)]
#[serde(tag = "model")]
enum Arch {
    ResidualBlockNoBottleneck {
        input_channels: usize,
        output_channels: usize,
        stride: usize,
    },
    ResidualBlockBottleneck {
        input_channels: usize,
        in_channels: usize,
        stride: usize,
    },
    ResNet {
        architecture: [usize; 4],
        input_width: usize,
        output_num: usize,
        block_type: String,
        input_channels: usize,
    },
    Bottleneck {
        layers: [usize; 4],
        num_classes: usize,
        width_per_group: usize,
    },
    #[serde(rename = "resnet18")]
    ResNet18 { num_classes: usize },
    #[serde(rename = "resnet50")]
    ResNet50 {
        num_classes: usize,
        stride_on: StrideOn,
    },
}

/// Which of the two networks is held against the golden files.
#[derive(Debug, Clone, Copy)]
pub enum Implementation {
    /// The burn module, on burn's CPU device.
    Module,
    /// The CPU's network for inference.
    Cpu,
}

enum Subject {
    Block(BlockConfig),
    Network(ResNetConfig),
}

impl Arch {
    fn subject(&self) -> Subject {
        let reference_block = |kind, input_channels, width, stride| {
            Subject::Block(BlockConfig {
                stride,
                ..BlockConfig::new(Family::Reference, kind, input_channels, width)
            })
        };
        match *self {
            Self::ResidualBlockNoBottleneck {
                input_channels,
                output_channels,
                stride,
            } => reference_block(
                BlockKind::NoBottleneck,
                input_channels,
                output_channels,
                stride,
            ),
            Self::ResidualBlockBottleneck {
                input_channels,
                in_channels,
                stride,
            } => reference_block(BlockKind::Bottleneck, input_channels, in_channels, stride),
            Self::ResNet {
                architecture,
                input_width,
                output_num,
                ref block_type,
                input_channels,
            } => {
                let block = match block_type.as_str() {
                    "ResidualBlockNoBottleneck" => BlockKind::NoBottleneck,
                    "ResidualBlockBottleneck" => BlockKind::Bottleneck,
                    other => panic!("no block is called {other}"),
                };
                Subject::Network(ResNetConfig::reference(
                    architecture,
                    input_width,
                    output_num,
                    block,
                    input_channels,
                ))
            }
            Self::Bottleneck {
                layers,
                num_classes,
                width_per_group,
            } => Subject::Network(ResNetConfig {
                width_per_group,
                ..ResNetConfig::of(BlockKind::Bottleneck, layers.to_vec(), num_classes)
            }),
            Self::ResNet18 { num_classes } => {
                Subject::Network(ResNetConfig::torchvision(Depth::D18, num_classes))
            }
            Self::ResNet50 {
                num_classes,
                stride_on,
            } => Subject::Network(ResNetConfig {
                stride_on,
                ..ResNetConfig::torchvision(Depth::D50, num_classes)
            }),
        }
    }
}

/// Keeps every layer's output, to be compared after the run.
#[derive(Default)]
struct Recorder {
    outputs: BTreeMap<String, Tensor<1>>,
    shapes: BTreeMap<String, Vec<usize>>,
}

impl Observer for Recorder {
    fn see(&mut self, layer: &str, output: Output<'_>) {
        let (shape, flat) = match output {
            Output::Map(x) => (x.dims().to_vec(), x.clone().flatten(0, 3)),
            Output::Vector(x) => (x.dims().to_vec(), x.clone().flatten(0, 1)),
        };
        self.shapes.insert(layer.to_owned(), shape);
        self.outputs.insert(layer.to_owned(), flat);
    }
}

impl Golden {
    /// Reads a golden file.
    pub fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("golden file: {error}"))
    }

    /// PyTorch's logits, a row for each image.
    pub fn logits(&self) -> &[Vec<f32>] {
        &self.logits
    }

    /// Runs the network and returns a line for everything that is not PyTorch's.
    pub async fn faults(&self, implementation: Implementation) -> Vec<String> {
        let (source, device) = (&mut Synthetic, &Device::flex());
        let x = Tensor::<4>::from_data(
            TensorData::new(input(self.input_shape), self.input_shape),
            device,
        );
        let mut recorder = Recorder::default();
        let mut faults = Vec::new();
        match self.arch.subject() {
            Subject::Block(config) => {
                let spec = config.spec("").unwrap();
                let y = match implementation {
                    Implementation::Module => {
                        let block = ResidualBlock::load(&spec, source, device).unwrap();
                        block.forward(x, &mut recorder).unwrap()
                    }
                    Implementation::Cpu => {
                        let block = CpuBlock::load(&spec, source, Arithmetic::F32).unwrap();
                        block.forward(x, &mut recorder).unwrap()
                    }
                };
                recorder.see("output", Output::Map(&y));
                let summary = Summary::of_block(&spec, self.input_shape).unwrap();
                self.compare_summary(&summary, &mut faults);
            }
            Subject::Network(config) => {
                let spec = NetworkSpec::new(&config).unwrap();
                let summary = Summary::of_network(&spec, self.input_shape).unwrap();
                self.compare_summary(&summary, &mut faults);
                let head = spec.head.clone();
                let unobserved = "the logits, unobserved".to_owned();
                let linear = &head.last_linear().unwrap().name;
                let mut outputs = vec![(linear, &self.logits), (&unobserved, &self.logits)];
                let logits = match implementation {
                    Implementation::Module => {
                        let network = ResNet::load(spec, source, device).unwrap();
                        network.probabilities(x.clone(), &mut recorder).unwrap();
                        outputs.push((head.activation.as_ref().unwrap(), &self.probs));
                        network.forward(x).unwrap()
                    }
                    Implementation::Cpu => {
                        let network = CpuResNet::load(spec, source, Arithmetic::F32).unwrap();
                        network.forward_observed(x.clone(), &mut recorder).unwrap();
                        // Unobserved, layers are fused.
                        network.forward(x).unwrap()
                    }
                };
                let logits = logits.flatten(0, 1);
                recorder.outputs.insert(unobserved.clone(), logits);
                for (name, expected) in outputs {
                    let found = read(&recorder.outputs[name]).await;
                    let expected = expected.concat();
                    let largest = expected.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
                    compare_values(
                        name,
                        expected.into_iter().enumerate(),
                        &found,
                        largest,
                        &mut faults,
                    );
                    if found.len() != self.input_shape[0] * head.classes {
                        faults.push(format!("{name}: {} values", found.len()));
                    }
                }
            }
        }
        // With batch norm folded there is no output of a convolution alone, and this network ends in the logits.
        let unseen: &[_] = match implementation {
            Implementation::Module => &[],
            Implementation::Cpu => &["Conv2d", "Softmax", "final"],
        };
        self.compare_activations(unseen, &recorder, &mut faults)
            .await;
        faults
            .into_iter()
            .map(|fault| format!("{} ({implementation:?}): {fault}", self.case))
            .collect()
    }

    /// As [`faults`](Self::faults), on a GPU, where a layer's output includes its batch norm and ReLU.
    #[cfg(feature = "webgpu")]
    pub async fn gpu_faults(&self, gpu: &Gpu) -> Vec<String> {
        let (source, shape) = (&mut Synthetic, self.input_shape);
        let (plan, output) = match self.arch.subject() {
            Subject::Block(config) => {
                let spec = config.spec("").unwrap();
                let plan = Plan::of_block(&spec, source, shape, Options::observing(), gpu);
                (plan.unwrap(), None)
            }
            Subject::Network(config) => {
                let spec = NetworkSpec::new(&config).unwrap();
                let plan = Plan::of_network(&spec, source, shape, Options::observing(), gpu);
                (
                    plan.unwrap(),
                    spec.head.last_linear().map(|l| l.name.clone()),
                )
            }
        };
        let outputs = plan.start(&input(shape)).unwrap().read().await.unwrap();
        let mut faults = Vec::new();
        if let Some(name) = output {
            let expected = self.logits.concat();
            let largest = expected.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
            let expected = expected.into_iter().enumerate();
            compare_values(&name, expected, &outputs.logits, largest, &mut faults);
        }
        let mut recorder = Recorder::default();
        let maps = plan.observed().iter().map(|(_, map)| map);
        for ((name, values), map) in outputs.observed.into_iter().zip(maps) {
            let [batch, ..] = map.shape();
            let is_vector = |layer: &&Layer| layer.name == name && layer.output_shape.len() == 2;
            let shape = match self.layers.iter().find(is_vector) {
                Some(_) => vec![batch, values.len() / batch],
                None => map.shape().to_vec(),
            };
            let count = values.len();
            let values = Tensor::from_data(TensorData::new(values, [count]), &Device::flex());
            recorder.shapes.insert(name.clone(), shape);
            recorder.outputs.insert(name, values);
        }
        let unseen = ["Conv2d", "BatchNorm2d", "Softmax", "Sequential"];
        self.compare_activations(&unseen, &recorder, &mut faults)
            .await;
        faults
            .into_iter()
            .map(|fault| format!("{} (GPU): {fault}", self.case))
            .collect()
    }

    /// Every row of PyTorch's is in the summary, in the same order, with its kind, shape and parameters.
    fn compare_summary(&self, summary: &Summary, faults: &mut Vec<String>) {
        for layer in &self.layers {
            let Some(row) = summary.rows.iter().find(|row| row.name == layer.name) else {
                faults.push(format!("{}: not in the summary", layer.name));
                continue;
            };
            let found = (row.kind.as_str(), &row.output_shape, row.parameters);
            let expected = (layer.kind.as_str(), &layer.output_shape, layer.params);
            if found != expected {
                faults.push(format!(
                    "{}: summary says {found:?}, PyTorch {expected:?}",
                    layer.name
                ));
            }
        }
        let order = |containers: bool| {
            let listed = move |name: &str| {
                self.layers
                    .iter()
                    .any(|l| l.name == name && (l.kind == "Sequential") == containers)
            };
            let expected: Vec<_> = self
                .layers
                .iter()
                .map(|l| l.name.as_str())
                .filter(|n| listed(n))
                .collect();
            let found: Vec<_> = summary
                .rows
                .iter()
                .map(|r| r.name.as_str())
                .filter(|n| listed(n))
                .collect();
            (found != expected).then(|| format!("order is {found:?} instead of {expected:?}"))
        };
        faults.extend([true, false].into_iter().filter_map(order));
        if summary.parameters != self.params_total {
            let (found, expected) = (summary.parameters, self.params_total);
            faults.push(format!("{found} parameters in all instead of {expected}"));
        }
    }

    /// Compares what was recorded of every layer; those of kinds or names that are `unseen` may be missing.
    async fn compare_activations(
        &self,
        unseen: &[&str],
        recorder: &Recorder,
        faults: &mut Vec<String>,
    ) {
        for layer in &self.layers {
            let name = &layer.name;
            let (Some(found), Some(shape)) =
                (recorder.outputs.get(name), recorder.shapes.get(name))
            else {
                if !unseen.contains(&layer.kind.as_str()) && !unseen.contains(&name.as_str()) {
                    faults.push(format!("{name}: not seen in the run"));
                }
                continue;
            };
            if shape != &layer.output_shape {
                faults.push(format!(
                    "{name}: {shape:?} instead of {:?}",
                    layer.output_shape
                ));
                continue;
            }
            let found = read(found).await;
            let expected = &self.activations[name];
            compare_values(
                name,
                expected.samples.iter().copied(),
                &found,
                expected.abs_max,
                faults,
            );
            let n = found.len() as f64;
            let mean = found.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
            let variance = found
                .iter()
                .map(|&v| (f64::from(v) - mean).powi(2))
                .sum::<f64>()
                / n;
            let abs_max = found.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
            let statistics = [
                (expected.mean, mean as f32),
                (expected.std, variance.sqrt() as f32),
                (expected.abs_max, abs_max),
            ];
            for ((expected, found), what) in statistics.into_iter().zip(["mean", "std", "abs_max"])
            {
                if !near(found, expected, self.activations[name].abs_max) {
                    faults.push(format!("{name}: {what} {found} instead of {expected}"));
                }
            }
        }
    }
}

async fn read(tensor: &Tensor<1>) -> Vec<f32> {
    tensor
        .clone()
        .into_data_async()
        .await
        .unwrap()
        .iter::<f32>()
        .collect()
}

/// False for NaN, too.
fn near(found: f32, expected: f32, largest: f32) -> bool {
    (found - expected).abs() <= TOLERANCE * largest
}

fn compare_values(
    name: &str,
    expected: impl Iterator<Item = (usize, f32)>,
    found: &[f32],
    largest: f32,
    faults: &mut Vec<String>,
) {
    let off: Vec<_> = expected
        .filter(|&(i, value)| !near(found[i], value, largest))
        .collect();
    if let Some(&(i, value)) = off.first() {
        faults.push(format!(
            "{name}: {} values off by more than {TOLERANCE} of {largest}; [{i}] is {} instead of {value}",
            off.len(),
            found[i]
        ));
    }
}
