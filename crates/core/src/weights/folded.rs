//! A convolution's tensors out of a source, with its batch norm folded into them or beside them.
//!
//! Compiled with the crate that calls it, for speed.

use super::{TensorSource, WeightError};
use crate::resnet::fold::{NormError, NormTensors, fold_batch_norm};
use crate::resnet::spec::{ConvSpec, TensorSpec};

/// A convolution's weight and bias with its batch norm folded into them.
///
/// # Errors
/// What the source finds wrong with a tensor, or a batch norm that gives numbers that are not finite.
#[inline]
pub fn take_folded(
    spec: &ConvSpec,
    source: &mut dyn TensorSource,
) -> Result<(Vec<f32>, Vec<f32>), WeightError> {
    let (mut weight, own_bias, norm) = take(spec, source)?;
    let bias = fold_batch_norm(&mut weight, own_bias.as_deref(), &norm)
        .map_err(|fault| unusable(spec, fault))?;
    Ok((weight, bias))
}

/// Weight, the convolution's own bias if it has one, and batch norm.
pub type Unfolded = (Vec<f32>, Option<Vec<f32>>, NormTensors);

/// A convolution's tensors and those of its batch norm as they are.
///
/// # Errors
/// What the source finds wrong with a tensor, or a negative variance.
#[inline]
pub fn take_unfolded(
    spec: &ConvSpec,
    source: &mut dyn TensorSource,
) -> Result<Unfolded, WeightError> {
    let tensors = take(spec, source)?;
    let (_, _, norm) = &tensors;
    norm.check().map_err(|fault| unusable(spec, fault))?;
    Ok(tensors)
}

#[inline]
fn take(spec: &ConvSpec, source: &mut dyn TensorSource) -> Result<Unfolded, WeightError> {
    let mut take = |tensor: &TensorSpec| source.take(&tensor.name, &tensor.shape);
    let mut tensors = spec.convolution_tensors().into_iter();
    let weight = match tensors.next() {
        Some(tensor) => take(&tensor)?,
        None => Vec::new(),
    };
    let own_bias = tensors.next().map(|tensor| take(&tensor)).transpose()?;
    let [gamma, beta, mean, variance] = spec.norm_tensors();
    let norm = NormTensors {
        gamma: take(&gamma)?,
        beta: take(&beta)?,
        mean: take(&mean)?,
        variance: take(&variance)?,
    };
    Ok((weight, own_bias, norm))
}

#[inline]
fn unusable(spec: &ConvSpec, fault: NormError) -> WeightError {
    WeightError::Norm {
        name: spec.norm.clone(),
        fault,
    }
}
