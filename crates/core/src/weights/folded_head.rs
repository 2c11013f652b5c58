//! A head's linear layers out of a source, with the batch norms beside them folded into them.
//!
//! Compiled with the crate that calls it, for speed.

use super::folded::take_norm;
use super::{TensorSource, WeightError};
use crate::resnet::fold::{EPSILON, NormError, NormTensors, fold_batch_norm};
use crate::resnet::spec::{HeadLayerSpec, LinearSpec, NormSpec};

/// A linear layer, and what is folded into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldedLinear<'a> {
    /// The layer.
    pub linear: &'a LinearSpec,
    /// Batch norms that its inputs go through.
    before: &'a [HeadLayerSpec],
    /// Batch norms that its outputs go through, before the ReLU.
    after: &'a [HeadLayerSpec],
    /// The name of the ReLU after all of them.
    pub relu: Option<&'a str>,
}

/// The numbers of a linear layer with everything folded into it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// `[outputs, inputs]`, row by row.
    pub weight: Vec<f32>,
    /// One for each output.
    pub bias: Vec<f32>,
    /// Whether negative outputs become zero.
    pub relu: bool,
}

/// A head's linear layers with what is folded into each: a batch norm between a linear layer and its ReLU into that layer,
/// every other one into the next.
#[inline]
pub fn folded_layers(layers: &[HeadLayerSpec]) -> Vec<FoldedLinear<'_>> {
    let is_norm = |layer: &HeadLayerSpec| matches!(layer, HeadLayerSpec::Norm(_));
    let mut folded = Vec::new();
    let mut rest = layers;
    loop {
        let before = rest.iter().take_while(|layer| is_norm(layer)).count();
        let (before, others) = rest.split_at(before);
        match others.split_first() {
            Some((HeadLayerSpec::Linear(linear), others)) => {
                let after = others.iter().take_while(|layer| is_norm(layer)).count();
                let (after, others) = others.split_at(after);
                let relu = match others.first() {
                    Some(HeadLayerSpec::Relu(name)) => Some(name.as_str()),
                    _ => None,
                };
                folded.push(FoldedLinear {
                    linear,
                    before,
                    after,
                    relu,
                });
                rest = others;
            }
            // A ReLU that belongs to the layer before it.
            Some((_, others)) => rest = others,
            None => return folded,
        }
    }
}

impl<'a> FoldedLinear<'a> {
    /// A layer on its own.
    pub const fn of(linear: &'a LinearSpec) -> Self {
        Self {
            linear,
            before: &[],
            after: &[],
            relu: None,
        }
    }

    /// The name of the last of the layer and the batch norms after it, which the output has.
    pub fn output_name(&self) -> &'a str {
        match norms(self.after).next_back() {
            Some(norm) => &norm.name,
            None => &self.linear.name,
        }
    }

    /// Takes its tensors, and folds the batch norms' into them.
    ///
    /// # Errors
    /// What the source finds wrong with a tensor, or a batch norm that gives numbers that are not finite.
    #[inline]
    pub fn take(&self, source: &mut dyn TensorSource) -> Result<Dense, WeightError> {
        let mut tensors = self.linear.tensors().into_iter();
        let mut weight = match tensors.next() {
            Some(tensor) => source.take(&tensor.name, &tensor.shape)?,
            None => Vec::new(),
        };
        let mut bias = match tensors.next() {
            Some(tensor) => source.take(&tensor.name, &tensor.shape)?,
            None => vec![0.0; self.linear.outputs],
        };
        for spec in norms(self.before).rev() {
            fold_into_next(&mut weight, &mut bias, &take_norm(spec, source)?)
                .map_err(|fault| unusable(spec, fault))?;
        }
        for spec in norms(self.after) {
            bias = fold_batch_norm(&mut weight, Some(&bias), &take_norm(spec, source)?)
                .map_err(|fault| unusable(spec, fault))?;
        }
        Ok(Dense {
            weight,
            bias,
            relu: self.relu.is_some(),
        })
    }
}

fn norms(layers: &[HeadLayerSpec]) -> impl DoubleEndedIterator<Item = &NormSpec> {
    layers.iter().filter_map(|layer| match layer {
        HeadLayerSpec::Norm(norm) => Some(norm),
        _ => None,
    })
}

/// Folds a batch norm into the linear layer after it: its factors into the weights' columns, what it adds into the bias.
#[inline]
fn fold_into_next(
    weight: &mut [f32],
    bias: &mut [f32],
    norm: &NormTensors,
) -> Result<(), NormError> {
    let channels = norm.gamma.len();
    for (row, bias) in weight.chunks_exact_mut(channels).zip(bias) {
        let mut sum = f64::from(*bias);
        for (channel, value) in row.iter_mut().enumerate() {
            let scale = f64::from(norm.gamma[channel])
                / (f64::from(norm.variance[channel]) + EPSILON).sqrt();
            let shift = f64::from(norm.beta[channel]) - f64::from(norm.mean[channel]) * scale;
            sum += f64::from(*value) * shift;
            *value = (f64::from(*value) * scale) as f32;
            if !value.is_finite() {
                let value = *value;
                return Err(NormError::NotFinite { channel, value });
            }
        }
        *bias = sum as f32;
        if !bias.is_finite() {
            let value = *bias;
            return Err(NormError::NotFinite { channel: 0, value });
        }
    }
    Ok(())
}

#[cold]
fn unusable(spec: &NormSpec, fault: NormError) -> WeightError {
    WeightError::Norm {
        name: spec.name.clone(),
        fault,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::weights::synthetic::Synthetic;

    fn linear(name: &str, inputs: usize, outputs: usize, bias: bool) -> HeadLayerSpec {
        HeadLayerSpec::Linear(LinearSpec {
            name: name.to_owned(),
            inputs,
            outputs,
            bias,
        })
    }

    fn norm(name: &str, channels: usize) -> HeadLayerSpec {
        HeadLayerSpec::Norm(NormSpec {
            name: name.to_owned(),
            relu: None,
            channels,
        })
    }

    fn relu() -> HeadLayerSpec {
        HeadLayerSpec::Relu("relu".to_owned())
    }

    /// The layers one after the other.
    fn defined(layers: &[HeadLayerSpec], mut x: Vec<f32>) -> Vec<f32> {
        for layer in layers {
            match layer {
                HeadLayerSpec::Linear(spec) => {
                    let dense = FoldedLinear::of(spec).take(&mut Synthetic).unwrap();
                    x = apply(&dense, &x);
                }
                HeadLayerSpec::Norm(spec) => {
                    let norm = take_norm(spec, &mut Synthetic).unwrap();
                    for (i, x) in x.iter_mut().enumerate() {
                        let deviation = (norm.variance[i] + EPSILON as f32).sqrt();
                        *x = norm.gamma[i] * (*x - norm.mean[i]) / deviation + norm.beta[i];
                    }
                }
                HeadLayerSpec::Relu(_) => x.iter_mut().for_each(|x| *x = x.max(0.0)),
            }
        }
        x
    }

    fn apply(dense: &Dense, x: &[f32]) -> Vec<f32> {
        let rows = dense.weight.chunks_exact(x.len()).zip(&dense.bias);
        let sum =
            |(row, bias): (&[f32], &f32)| bias + row.iter().zip(x).map(|(w, x)| w * x).sum::<f32>();
        let relu = |sum: f32| if dense.relu { sum.max(0.0) } else { sum };
        rows.map(sum).map(relu).collect()
    }

    #[test]
    fn folded_layers_compute_what_the_layers_compute() {
        let cases = [
            ("no layers", vec![], 0),
            ("one", vec![linear("a", 5, 3, true)], 1),
            (
                "two without a bias",
                vec![linear("a", 5, 4, false), relu(), linear("b", 4, 3, false)],
                2,
            ),
            (
                "fastai's",
                vec![
                    norm("n", 5),
                    linear("a", 5, 4, false),
                    relu(),
                    norm("m", 4),
                    linear("b", 4, 3, false),
                ],
                2,
            ),
            (
                "batch norm before the ReLU",
                vec![
                    linear("a", 5, 4, true),
                    norm("n", 4),
                    relu(),
                    linear("b", 4, 3, true),
                    norm("m", 3),
                ],
                2,
            ),
            (
                "two batch norms on each side",
                vec![
                    norm("n", 5),
                    norm("m", 5),
                    linear("a", 5, 3, true),
                    norm("o", 3),
                    norm("p", 3),
                    relu(),
                ],
                1,
            ),
        ];
        let x = vec![0.5, -1.0, 2.0, 0.25, -0.75];
        let mut report = Vec::new();
        for (name, layers, count) in cases {
            let folded = folded_layers(&layers);
            let dense = folded
                .iter()
                .map(|layer| layer.take(&mut Synthetic).unwrap());
            let found = dense.fold(x.clone(), |x, dense| apply(&dense, &x));
            let expected = defined(&layers, x.clone());
            let near = |(f, e): (&f32, &f32)| (f - e).abs() < 1e-4;
            if folded.len() != count || !found.iter().zip(&expected).all(near) {
                report.push(format!("{name}: {found:?} instead of {expected:?}"));
            }
        }
        assert_eq!(report, Vec::<String>::new());
    }
}
