//! A layer's tensors, taken from a source and packed as its kernel reads them.

use resnet_web_core::weights::folded::take_folded;
use resnet_web_core::weights::{TensorSource, WeightError};

use crate::kernels::{conv2d, linear};
use crate::layout::{padded, space_to_depth};
use crate::lower::Tensors;

/// A weight and a bias as a kernel reads them.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// The weight, packed by the kernel's `pack`.
    pub weight: Vec<f32>,
    /// The bias, padded to whole blocks.
    pub bias: Vec<f32>,
}

/// Takes these tensors from `source` and packs them.
///
/// # Errors
/// What the source finds wrong with a tensor.
pub fn take(tensors: &Tensors<'_>, source: &mut dyn TensorSource) -> Result<Packed, WeightError> {
    let (weight, bias) = match *tensors {
        Tensors::Conv2d {
            spec,
            shape,
            tile,
            space_to_depth: deep,
        } => {
            let (mut weight, bias) = take_folded(spec, source)?;
            if deep {
                weight = space_to_depth(&weight, spec.weight_shape(), 0, [shape.kernel; 2]);
            }
            (conv2d::pack(&weight, shape, tile), bias)
        }
        Tensors::Linear {
            spec,
            channels,
            pixels,
        } => {
            let tensors = spec.tensors();
            let mut taken = tensors
                .iter()
                .map(|tensor| source.take(&tensor.name, &tensor.shape));
            let weight = taken.next().transpose()?.unwrap_or_default();
            let bias = match taken.next() {
                Some(bias) => bias?,
                None => vec![0.0; spec.outputs],
            };
            drop(taken);
            (linear::pack(&weight, channels, pixels), bias)
        }
    };
    Ok(Packed {
        weight,
        bias: padded(bias),
    })
}
