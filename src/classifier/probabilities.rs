//! From logits to probabilities.

/// The probability of each class: softmax, or both classes of a single logit's sigmoid.
pub(super) fn probabilities(logits: &[f32]) -> Vec<f32> {
    match *logits {
        [logit] => [-logit, logit]
            .map(|logit| (1.0 / (1.0 + f64::from(-logit).exp())) as f32)
            .to_vec(),
        _ => softmax(logits),
    }
}

/// The largest logit is subtracted first, so that no exponential overflows.
fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials: Vec<_> = logits
        .iter()
        .map(|&logit| f64::from(logit - largest).exp())
        .collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| (e / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_the_softmax_or_both_of_a_single_sigmoid() {
        let cases: &[(&[f32], &[f32])] = &[
            (&[0.0, 0.0], &[0.5, 0.5]),
            (&[1000.0, 1000.0, -1000.0], &[0.5, 0.5, 0.0]),
            (
                &[1.0, 2.0, 3.0],
                &[0.090_030_57, 0.244_728_47, 0.665_240_94],
            ),
            // torch.sigmoid(torch.tensor(2.0))
            (&[2.0], &[0.119_202_92, 0.880_797_1]),
            (&[-200.0], &[1.0, 0.0]),
            (&[0.0], &[0.5, 0.5]),
        ];
        for (logits, expected) in cases {
            let found = probabilities(logits);
            assert!(
                found
                    .iter()
                    .zip(*expected)
                    .all(|(f, e)| (f - e).abs() < 1e-6),
                "{logits:?}: {found:?} instead of {expected:?}"
            );
        }
    }
}
