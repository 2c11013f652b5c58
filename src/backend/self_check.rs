//! Checks that a device computes what PyTorch computes, on a network small enough to run at start-up.
//!
//! The network has one bottleneck block per stage and an image of 64 x 64 pixels, so it has every kind of layer of a ResNet.
//! Its weights are synthetic ([`synthetic`]), so nothing is downloaded. The CPU chooses its kernels by the width of a layer, so
//! its network has the full width, by the reference convention. A GPU has one convolution kernel for all widths, so its network
//! is narrow, and ends in torchvision's average pool. A GPU's feature maps are also compared with the CPU's, because logits can
//! be right by chance.
//!
//! Networks with other poolings, attention, pre-activation or other heads have kernels of their own on a GPU, which few need.
//! They are checked before the first run of such a network (`of_variants`), so that a GPU is as soon ready for all others.

use serde::Serialize;
use web_time::Instant;

use super::{DeviceError, Processor};
use crate::cpu::CpuResNet;
use crate::cpu::ops::tensor;
#[cfg(feature = "webgpu")]
use crate::gpu::Gpu;
use crate::resnet::config::{
    AntiAliasing, Attention, HeadLayer, ShortcutKind, Stem, StemConvolutions, StemPool,
};
use crate::resnet::conv::Arithmetic;
use crate::resnet::{BlockKind, Head, NetworkSpec, ResNetConfig};
use crate::weights::synthetic::{self, Synthetic};

/// The network that is run on the CPU.
pub fn config() -> ResNetConfig {
    ResNetConfig::reference([1, 1, 1, 1], 64, 10, BlockKind::Bottleneck, 3)
}
/// The input's shape.
pub const INPUT_SHAPE: [usize; 4] = [1, 3, 64, 64];
/// PyTorch's logits.
pub const LOGITS: [f32; 10] = [
    -0.052_416_652,
    -0.219_146_01,
    0.534_674_35,
    0.616_155_45,
    0.056_909_144,
    -0.041_147_474,
    0.265_344_74,
    0.041_742_824,
    -0.138_484_12,
    0.604_102_3,
];
/// The network that is run on a GPU, with the same input.
pub fn gpu_config() -> ResNetConfig {
    ResNetConfig {
        width_per_group: 8,
        ..ResNetConfig::of(BlockKind::Bottleneck, vec![1, 1, 1, 1], 10)
    }
}
/// PyTorch's logits for it.
pub const GPU_LOGITS: [f32; 10] = [
    -0.314_951_54,
    0.164_993_78,
    0.061_516_47,
    0.054_228_25,
    -0.089_348_935,
    0.423_769_06,
    -0.146_810_02,
    0.206_710_73,
    0.040_710_047,
    0.107_355_11,
];
/// How far a logit may be off, relative to the largest.
pub const TOLERANCE: f32 = 1e-3;

/// Some drivers compute right results only the first time.
const RUNS: usize = 2;

/// A self-check that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "engine.ts"))]
pub struct SelfCheck {
    /// How often the network ran.
    pub runs: usize,
    /// How many layers were compared with the CPU's: zero on the CPU itself.
    pub layers: usize,
    /// The largest difference, relative to the layer's largest value.
    pub worst_error: f32,
    /// Building the network and running it, in milliseconds.
    pub milliseconds: f64,
}

/// Runs the network twice: its logits must be PyTorch's, and a GPU's feature maps the CPU's.
///
/// # Errors
/// [`DeviceError::SelfCheck`] for wrong results, [`DeviceError::Failed`] or [`DeviceError::Lost`] for none.
pub async fn run(processor: &Processor) -> Result<SelfCheck, DeviceError> {
    let start = Instant::now();
    let (layers, worst_error) = match processor {
        Processor::Cpu => (0, run_on_cpu().await?),
        #[cfg(feature = "webgpu")]
        Processor::Gpu(gpu) => on_gpu::run(gpu, &gpu_config(), Some(&GPU_LOGITS)).await?,
    };
    Ok(SelfCheck {
        runs: RUNS,
        layers,
        worst_error,
        milliseconds: start.elapsed().as_secs_f64() * 1e3,
    })
}

/// Two narrow networks that have every kind of layer between them that [`gpu_config`] has not.
pub fn variants() -> [ResNetConfig; 2] {
    let linear = |outputs| HeadLayer::Linear {
        outputs,
        bias: false,
    };
    let attended = ResNetConfig {
        stem: Stem {
            convolutions: StemConvolutions::Deep { channels: [8, 8] },
            channels: 16,
            pool: StemPool::Max,
        },
        widths: vec![8, 12, 16],
        shortcut: ShortcutKind::AveragePool,
        attention: Some(Attention::SqueezeExcite {
            reduced: vec![8, 8, 8],
        }),
        anti_aliasing: Some(AntiAliasing::Blur),
        head: Head::ConcatPool,
        head_layers: vec![
            HeadLayer::BatchNorm,
            linear(16),
            HeadLayer::Relu,
            HeadLayer::BatchNorm,
            linear(10),
        ],
        ..ResNetConfig::of(BlockKind::Bottleneck, vec![1, 1, 1], 10)
    };
    let pre_activated = ResNetConfig {
        stem: Stem {
            convolutions: StemConvolutions::Conv3x3,
            channels: 16,
            pool: StemPool::Max,
        },
        widths: vec![16, 24, 32],
        shortcut: ShortcutKind::ZeroPadded,
        attention: Some(Attention::EfficientChannel {
            kernels: vec![3, 3, 5],
        }),
        anti_aliasing: Some(AntiAliasing::Average),
        pre_activation: true,
        ..ResNetConfig::of(BlockKind::NoBottleneck, vec![1, 1, 1], 10)
    };
    [attended, pre_activated]
}

/// Whether a network has layers that only the [`variants`] have.
pub fn is_variant(config: &ResNetConfig) -> bool {
    config.shortcut != ShortcutKind::Projection
        || config.attention.is_some()
        || config.anti_aliasing.is_some()
        || config.pre_activation
        || config.head == Head::ConcatPool
        || !config.head_layers.is_empty()
}

/// Runs the [`variants`] twice on a GPU: their logits and feature maps must be the CPU's.
///
/// # Errors
/// As those of [`run`].
#[cfg(feature = "webgpu")]
pub async fn of_variants(gpu: &Gpu) -> Result<(), DeviceError> {
    for config in variants() {
        on_gpu::run(gpu, &config, None).await?;
    }
    Ok(())
}

async fn run_on_cpu() -> Result<f32, DeviceError> {
    let network = on_cpu(&config())?;
    let input = synthetic::input(INPUT_SHAPE);
    let mut worst_error: f32 = 0.0;
    for run in 1..=RUNS {
        let logits = network
            .forward(tensor(input.clone(), INPUT_SHAPE))
            .map_err(failed)?
            .into_data_async()
            .await
            .map_err(failed)?;
        let logits = logits.iter::<f32>().collect::<Vec<_>>();
        let error = passed(run, "logits", worst(&logits, &LOGITS), TOLERANCE)?;
        worst_error = worst_error.max(error);
    }
    Ok(worst_error)
}

fn on_cpu(config: &ResNetConfig) -> Result<CpuResNet, DeviceError> {
    let spec = NetworkSpec::new(config).map_err(failed)?;
    CpuResNet::load(spec, &mut Synthetic, Arithmetic::F32).map_err(failed)
}

fn failed(error: impl ToString) -> DeviceError {
    DeviceError::Failed {
        reason: error.to_string(),
    }
}

fn passed(run: usize, layer: &str, error: f32, tolerance: f32) -> Result<f32, DeviceError> {
    if error <= tolerance {
        return Ok(error);
    }
    Err(DeviceError::SelfCheck {
        layer: layer.to_owned(),
        run,
        error,
        tolerance,
    })
}

#[cfg(feature = "webgpu")]
mod on_gpu {
    use std::collections::BTreeMap;

    use burn::prelude::*;
    use resnet_web_core::storage_dtype::StorageDtype;

    use super::*;
    use crate::gpu::{Options, Outputs, Plan, PlanError};
    use crate::observe::{Observer, Output};

    /// As [`TOLERANCE`], for maps that are stored as f16: each layer rounds to a significand of 11 bits.
    const TOLERANCE_F16: f32 = 1e-2;
    /// One value of this many is compared. It is prime, so that every position of a channel block and of a tile occurs.
    const EVERY: usize = 61;
    /// All values are, where there are at most so many.
    const FEW: usize = 256;

    /// How many layers were compared, and the largest error. Without `logits`, those of the CPU are expected.
    pub(super) async fn run(
        gpu: &Gpu,
        config: &ResNetConfig,
        logits: Option<&[f32]>,
    ) -> Result<(usize, f32), DeviceError> {
        let spec = NetworkSpec::new(config).map_err(failed)?;
        let plan = Plan::of_network(
            &spec,
            &mut Synthetic,
            INPUT_SHAPE,
            Options::observing(),
            gpu,
        )
        .map_err(|error| match error {
            PlanError::Gpu(error) => error.into(),
            other => failed(other),
        })?;
        let input = synthetic::input(INPUT_SHAPE);
        let tolerance = match gpu.storage_dtype() {
            StorageDtype::F32 => TOLERANCE,
            StorageDtype::F16 => TOLERANCE_F16,
        };
        // The GPU computes while the CPU does.
        let runs = (0..RUNS)
            .map(|_| plan.start(&input))
            .collect::<Result<Vec<_>, _>>()?;
        let (expected, cpu_logits) = cpu_maps(config, &input).await?;
        let expected_logits = logits.unwrap_or(&cpu_logits);
        let mut worst_error: f32 = 0.0;
        for (run, pending) in (1..).zip(runs) {
            let Outputs {
                logits, observed, ..
            } = pending.read().await?;
            let error = passed(run, "logits", worst(&logits, expected_logits), tolerance)?;
            worst_error = worst_error.max(error);
            for (layer, map) in &observed {
                let expected = expected.get(layer).map_or(&[][..], Vec::as_slice);
                let error = passed(run, layer, worst(&sampled(map), expected), tolerance)?;
                worst_error = worst_error.max(error);
            }
        }
        Ok((plan.observed().len(), worst_error))
    }

    /// Keeps every output.
    #[derive(Default)]
    struct Recorder(BTreeMap<String, Tensor<1>>);

    impl Observer for Recorder {
        fn see(&mut self, layer: &str, output: Output<'_>) {
            let flat = match output {
                Output::Map(x) => x.clone().flatten(0, 3),
                Output::Vector(x) => x.clone().flatten(0, 1),
            };
            self.0.insert(layer.to_owned(), flat);
        }
    }

    /// What the CPU computes in every layer, a sample of it, and the logits.
    async fn cpu_maps(
        config: &ResNetConfig,
        input: &[f32],
    ) -> Result<(BTreeMap<String, Vec<f32>>, Vec<f32>), DeviceError> {
        let network = on_cpu(config)?;
        let input = tensor(input.to_vec(), INPUT_SHAPE);
        let mut recorder = Recorder::default();
        let logits = network
            .forward_observed(input, &mut recorder)
            .map_err(failed)?;
        let mut maps = BTreeMap::new();
        for (layer, map) in recorder.0 {
            maps.insert(layer, sampled(&read(map).await?));
        }
        Ok((maps, read(logits.flatten(0, 1)).await?))
    }

    async fn read(values: Tensor<1>) -> Result<Vec<f32>, DeviceError> {
        let data = values.into_data_async().await.map_err(failed)?;
        Ok(data.iter::<f32>().collect())
    }

    fn sampled(values: &[f32]) -> Vec<f32> {
        let every = if values.len() > FEW { EVERY } else { 1 };
        values.iter().step_by(every).copied().collect()
    }
}

/// The largest difference between `found` and `expected`, relative to the largest expected value. NaN if a value is, or if
/// there are more or fewer of them.
fn worst(found: &[f32], expected: &[f32]) -> f32 {
    let largest = expected.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
    let differences = expected.iter().zip(found).map(|(e, f)| (e - f).abs());
    let worst = differences.fold(
        0.0,
        |max: f32, d| if d.is_nan() || d > max { d } else { max },
    );
    if found.len() != expected.len() {
        f32::NAN
    } else if worst == 0.0 {
        // Of a sample that is zero everywhere, too.
        worst
    } else {
        worst / largest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pytorchs_logits_pass() {
        let changed = |i: usize, value: f32| {
            let mut logits = LOGITS;
            logits[i] = value;
            logits.to_vec()
        };
        let cases = [
            ("PyTorch's own", LOGITS.to_vec(), true),
            (
                "rounded differently",
                LOGITS.map(|v| v * (1.0 + 1e-5)).to_vec(),
                true,
            ),
            ("one is off", changed(9, LOGITS[9] + 0.1), false),
            (
                "the first is NaN, the rest are right",
                changed(0, f32::NAN),
                false,
            ),
            ("the last is NaN", changed(9, f32::NAN), false),
            ("infinite", changed(4, f32::INFINITY), false),
            (
                "all zero, as from a shader that did not run",
                vec![0.0; 10],
                false,
            ),
            ("too few", LOGITS[..9].to_vec(), false),
            ("none", Vec::new(), false),
        ];
        for (name, logits, passes) in cases {
            assert_eq!(worst(&logits, &LOGITS) <= TOLERANCE, passes, "{name}");
        }
    }
}
