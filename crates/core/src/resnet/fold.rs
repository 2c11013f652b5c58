//! Batch norm folded into the convolution before it.
//!
//! For inference batch norm is `gamma * (x - mean) / sqrt(variance + epsilon) + beta` with everything but `x` fixed
//! (Ioffe and Szegedy 2015, section 3.1), so it becomes a factor on the convolution's weights and a bias: one pass
//! over memory fewer per layer. The arithmetic is done in f64, once, when the weights are loaded.

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

/// Folds `norm` into a convolution's `weight`, in place, and returns the convolution's new bias.
///
/// `weight` is `[out, in / groups, height, width]`, row by row; `bias` is the convolution's own, if it has one.
pub fn fold_batch_norm(weight: &mut [f32], bias: Option<&[f32]>, norm: &NormTensors) -> Vec<f32> {
    let channels = norm.gamma.len();
    let per_channel = weight.len() / channels;
    let kernels = weight.chunks_exact_mut(per_channel);
    kernels
        .enumerate()
        .map(|(c, kernel)| {
            let scale = f64::from(norm.gamma[c]) / (f64::from(norm.variance[c]) + EPSILON).sqrt();
            for value in kernel {
                *value = (f64::from(*value) * scale) as f32;
            }
            let own_bias = bias.map_or(0.0, |bias| f64::from(bias[c]));
            ((own_bias - f64::from(norm.mean[c])) * scale + f64::from(norm.beta[c])) as f32
        })
        .collect()
}

#[cfg(test)]
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
            let folded_bias = fold_batch_norm(&mut folded, bias.as_ref().map(|b| &b[..]), &norm);
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
}
