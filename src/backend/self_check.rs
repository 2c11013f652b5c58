//! Whether a device computes what PyTorch computes, on a network small enough to run at start-up.
//!
//! The network is the seed's with one bottleneck block per stage on a picture of 64 x 64 pixels: every kind of layer
//! a ResNet has. Its weights follow from their names ([`synthetic`]), so none are downloaded.

use burn::prelude::*;
use burn::tensor::TensorData;
use serde::Serialize;
use web_time::Instant;

use super::DeviceError;
use crate::resnet::{BlockKind, NormMode, ResNet, ResNetConfig};
use crate::weights::synthetic::{self, Synthetic};

/// The network that is run.
pub const CONFIG: ResNetConfig = ResNetConfig::seed([1, 1, 1, 1], 64, 10, BlockKind::Bottleneck, 3);
/// The input's shape.
pub const INPUT_SHAPE: [usize; 4] = [1, 3, 64, 64];
/// What PyTorch computes, before the softmax.
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
/// How far a logit may be off, as a part of the largest.
pub const TOLERANCE: f32 = 1e-3;

/// Some drivers are right only the first time.
const RUNS: usize = 2;

/// A check that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SelfCheck {
    /// How often the network ran.
    pub runs: usize,
    /// The largest difference to PyTorch, as a part of the largest logit.
    pub worst_error: f32,
    /// Building the network and running it, in milliseconds.
    pub milliseconds: f64,
}

/// Runs the network twice on `device`.
///
/// # Errors
/// [`DeviceError::SelfCheck`] for wrong numbers, [`DeviceError::Failed`] for none.
pub async fn run(device: &Device) -> Result<SelfCheck, DeviceError> {
    let start = Instant::now();
    let failed = |reason: String| DeviceError::Failed { reason };
    let network = ResNet::load(&CONFIG, &mut Synthetic, NormMode::Folded, device)
        .map_err(|error| failed(error.to_string()))?;
    let input = TensorData::new(synthetic::input(INPUT_SHAPE), INPUT_SHAPE);
    let mut worst_error: f32 = 0.0;
    for run in 1..=RUNS {
        let logits = network
            .forward(Tensor::from_data(input.clone(), device))
            .map_err(|error| failed(error.to_string()))?
            .into_data_async()
            .await
            .map_err(|error| failed(error.to_string()))?;
        let error = worst(&logits.iter::<f32>().collect::<Vec<_>>());
        if error > TOLERANCE || error.is_nan() {
            return Err(DeviceError::SelfCheck {
                run,
                error,
                tolerance: TOLERANCE,
            });
        }
        worst_error = worst_error.max(error);
    }
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    Ok(SelfCheck {
        runs: RUNS,
        worst_error,
        milliseconds,
    })
}

/// The largest difference to [`LOGITS`], as a part of the largest of them. NaN if one is.
fn worst(logits: &[f32]) -> f32 {
    let largest = LOGITS.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
    let differences = LOGITS
        .iter()
        .zip(logits)
        .map(|(expected, found)| (expected - found).abs());
    let worst = differences.fold(
        0.0,
        |max: f32, d| if d.is_nan() || d > max { d } else { max },
    );
    if logits.len() == LOGITS.len() {
        worst / largest
    } else {
        f32::NAN
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
            assert_eq!(worst(&logits) <= TOLERANCE, passes, "{name}");
        }
    }
}
