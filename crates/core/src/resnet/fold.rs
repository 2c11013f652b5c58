//! Batch norm folded into the convolution before it.
//!
//! For inference batch norm is `gamma * (x - mean) / sqrt(variance + epsilon) + beta` with everything but `x` fixed
//! (Ioffe and Szegedy 2015, section 3.1), so it becomes a factor on the convolution's weights and a bias: one pass
//! over memory fewer per layer. The arithmetic is done in f64, once, when the weights are loaded.

use thiserror::Error;

/// PyTorch's `BatchNorm2d(eps=1e-5)`.
pub const EPSILON: f64 = 1e-5;

/// The tensors of a batch norm, each of one number per channel.
#[derive(Debug, Clone, PartialEq)]
pub struct NormTensors {
    /// PyTorch's `weight`: the factor.
    pub gamma: Vec<f32>,
    /// PyTorch's `bias`: the offset.
    pub beta: Vec<f32>,
    /// PyTorch's `running_mean`.
    pub mean: Vec<f32>,
    /// PyTorch's `running_var`.
    pub variance: Vec<f32>,
}

/// A batch norm that cannot be computed with.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[non_exhaustive]
pub enum NormError {
    /// The square root of a variance would be NaN.
    #[error(
        "its running_var is {value} in channel {channel}; expected a value that is not negative"
    )]
    NegativeVariance {
        /// The channel.
        channel: usize,
        /// What is there.
        value: f32,
    },
    /// Folding gives NaN or infinity, which would spread to every output.
    #[error(
        "folded into its convolution it gives {value} in channel {channel}; every number must be finite"
    )]
    NotFinite {
        /// The channel.
        channel: usize,
        /// NaN or an infinity.
        value: f32,
    },
}

impl NormTensors {
    /// Checks that no variance is negative.
    ///
    /// # Errors
    /// The first that is.
    pub fn check(&self) -> Result<(), NormError> {
        let mut variances = self.variance.iter();
        match variances.position(|&variance| variance < 0.0) {
            Some(channel) => Err(NormError::NegativeVariance {
                channel,
                value: self.variance[channel],
            }),
            None => Ok(()),
        }
    }
}

/// Folds `norm` into a convolution's `weight`, in place, and returns the convolution's new bias.
///
/// `weight` is `[out, in / groups, height, width]`, row by row; `bias` is the convolution's own, if it has one.
/// Compiled with the crate that calls it, for speed.
///
/// # Errors
/// A negative variance, or a weight or bias that is not finite afterwards.
#[inline]
pub fn fold_batch_norm(
    weight: &mut [f32],
    bias: Option<&[f32]>,
    norm: &NormTensors,
) -> Result<Vec<f32>, NormError> {
    norm.check()?;
    let channels = norm.gamma.len();
    let per_channel = weight.len() / channels;
    let kernels = weight.chunks_exact_mut(per_channel);
    kernels
        .enumerate()
        .map(|(c, kernel)| {
            let scale = f64::from(norm.gamma[c]) / (f64::from(norm.variance[c]) + EPSILON).sqrt();
            let mut finite = true;
            for value in &mut *kernel {
                *value = (f64::from(*value) * scale) as f32;
                finite &= value.is_finite();
            }
            let own_bias = bias.map_or(0.0, |bias| f64::from(bias[c]));
            let offset = (own_bias - f64::from(norm.mean[c])) * scale + f64::from(norm.beta[c]);
            let offset = offset as f32;
            if finite && offset.is_finite() {
                return Ok(offset);
            }
            let faulty = kernel.iter().find(|value| !value.is_finite());
            Err(NormError::NotFinite {
                channel: c,
                value: *faulty.unwrap_or(&offset),
            })
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn folding_equals_normalising_after_the_convolution() {
        let norm = NormTensors {
            gamma: vec![2.0, -0.5],
            beta: vec![0.25, 1.0],
            mean: vec![-1.0, 3.0],
            variance: vec![4.0, 0.01],
        };
        let weight = [0.5, -1.0, 2.0, 0.125];
        let input = [3.0, -2.0];
        for bias in [None, Some([0.75, -0.25])] {
            let mut folded = weight;
            let folded_bias =
                fold_batch_norm(&mut folded, bias.as_ref().map(|b| &b[..]), &norm).unwrap();
            for c in 0..2 {
                let dot = |w: &[f32]| w[2 * c] * input[0] + w[2 * c + 1] * input[1];
                let convolved = dot(&weight) + bias.map_or(0.0, |b| b[c]);
                let expected = norm.gamma[c] * (convolved - norm.mean[c])
                    / (norm.variance[c] + EPSILON as f32).sqrt()
                    + norm.beta[c];
                let found = dot(&folded) + folded_bias[c];
                assert!(
                    (found - expected).abs() <= 1e-5 * expected.abs(),
                    "channel {c}, bias {bias:?}: {found} instead of {expected}"
                );
            }
        }
    }

    #[test]
    fn what_would_not_be_finite_is_refused() {
        let usual = NormTensors {
            gamma: vec![1.0, 1.0],
            beta: vec![0.0, 0.0],
            mean: vec![0.0, 0.0],
            variance: vec![1.0, 1.0],
        };
        let with = |change: fn(&mut NormTensors)| {
            let mut norm = usual.clone();
            change(&mut norm);
            fold_batch_norm(&mut [0.5, 2.0], None, &norm)
        };
        let negative = |value| NormError::NegativeVariance { channel: 1, value };
        let infinite = |value| NormError::NotFinite { channel: 1, value };
        type Case = (&'static str, fn(&mut NormTensors), Option<NormError>);
        let cases: &[Case] = &[
            ("nothing", |_| {}, None),
            ("a variance of zero", |n| n.variance[1] = 0.0, None),
            (
                "a variance below zero",
                |n| n.variance[1] = -1.0,
                Some(negative(-1.0)),
            ),
            (
                "one that the epsilon makes up for",
                |n| n.variance[1] = -1e-6,
                Some(negative(-1e-6)),
            ),
            (
                "a factor that is too large for the weight",
                |n| n.gamma[1] = f32::MAX,
                Some(infinite(f32::INFINITY)),
            ),
            (
                "a mean that is too large for the bias",
                |n| (n.gamma[1], n.mean[1]) = (1.5, f32::MAX),
                Some(infinite(f32::NEG_INFINITY)),
            ),
        ];
        let mut report = Vec::new();
        for (name, change, expected) in cases {
            let found = with(*change).err();
            if found != *expected {
                report.push(format!("{name}: {found:?} instead of {expected:?}"));
            }
        }
        assert_eq!(report, Vec::<String>::new());
    }
}
