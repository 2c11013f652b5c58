//! A convolution's tensors out of a source, with its batch norm folded into them or beside them.
//!
//! Compiled with the crate that calls it, for speed.

use super::{TensorSource, WeightError};
use crate::resnet::fold::{NormError, NormTensors, fold_batch_norm};
use crate::resnet::spec::{ConvSpec, NormSpec, TensorSpec};

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
    let Some(norm) = norm else {
        let bias = own_bias.unwrap_or_else(|| vec![0.0; spec.output_channels]);
        return Ok((weight, bias));
    };
    let bias = fold_batch_norm(&mut weight, own_bias.as_deref(), &norm)
        .map_err(|fault| unusable(spec.folded_name(), fault))?;
    Ok((weight, bias))
}

/// Weight, the convolution's own bias and its batch norm, if it has them.
pub type Unfolded = (Vec<f32>, Option<Vec<f32>>, Option<NormTensors>);

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
    if let (_, _, Some(norm)) = &tensors {
        norm.check()
            .map_err(|fault| unusable(spec.folded_name(), fault))?;
    }
    Ok(tensors)
}

/// A batch norm's tensors as they are.
///
/// # Errors
/// What the source finds wrong with a tensor, or a negative variance.
#[inline]
pub fn take_norm(
    spec: &NormSpec,
    source: &mut dyn TensorSource,
) -> Result<NormTensors, WeightError> {
    let norm = norm_of(spec.tensors(), source)?;
    norm.check().map_err(|fault| unusable(&spec.name, fault))?;
    Ok(norm)
}

/// What a batch norm multiplies each channel by, and what it adds to that.
///
/// # Errors
/// What the source finds wrong with a tensor, or a batch norm that gives numbers that are not finite.
#[inline]
pub fn take_scale_shift(
    spec: &NormSpec,
    source: &mut dyn TensorSource,
) -> Result<(Vec<f32>, Vec<f32>), WeightError> {
    let norm = norm_of(spec.tensors(), source)?;
    let mut scale = vec![1.0; spec.channels];
    let shift =
        fold_batch_norm(&mut scale, None, &norm).map_err(|fault| unusable(&spec.name, fault))?;
    Ok((scale, shift))
}

#[inline]
fn take(spec: &ConvSpec, source: &mut dyn TensorSource) -> Result<Unfolded, WeightError> {
    let mut tensors = spec.convolution_tensors().into_iter();
    let weight = match tensors.next() {
        Some(tensor) => source.take(&tensor.name, &tensor.shape)?,
        None => Vec::new(),
    };
    let own_bias = tensors
        .next()
        .map(|tensor| source.take(&tensor.name, &tensor.shape))
        .transpose()?;
    let norm = spec
        .norm_tensors()
        .map(|tensors| norm_of(tensors, source))
        .transpose()?;
    Ok((weight, own_bias, norm))
}

#[inline]
fn norm_of(
    tensors: [TensorSpec; 4],
    source: &mut dyn TensorSource,
) -> Result<NormTensors, WeightError> {
    let mut take = |tensor: &TensorSpec| source.take(&tensor.name, &tensor.shape);
    let [gamma, beta, mean, variance] = &tensors;
    Ok(NormTensors {
        gamma: take(gamma)?,
        beta: take(beta)?,
        mean: take(mean)?,
        variance: take(variance)?,
    })
}

#[cold]
fn unusable(name: &str, fault: NormError) -> WeightError {
    WeightError::Norm {
        name: name.to_owned(),
        fault,
    }
}
