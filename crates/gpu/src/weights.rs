//! A layer's tensors, taken from a source and packed as its kernel reads them.

use resnet_web_core::resnet::conv::ConvShape;
use resnet_web_core::weights::folded::{take_folded, take_scale_shift};
use resnet_web_core::weights::folded_head::Dense;
use resnet_web_core::weights::{TensorSource, WeightError};

use crate::kernels::{conv2d, linear};
use crate::layout::{padded, space_to_depth};
use crate::lower::{ConvWeights, Tensors};

/// A weight and a bias as a kernel reads them.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// The weight, packed by the kernel's `pack`.
    pub weight: Vec<f32>,
    /// The bias, padded to whole blocks; none for a convolution along the channels.
    pub bias: Vec<f32>,
    /// The numbers themselves, where they stay in this program's memory.
    pub on_cpu: Option<Dense>,
}

/// Takes these tensors from `source` and packs them.
///
/// # Errors
/// What the source finds wrong with a tensor.
pub fn take(tensors: &Tensors<'_>, source: &mut dyn TensorSource) -> Result<Packed, WeightError> {
    let mut on_cpu = None;
    let (weight, bias) = match *tensors {
        Tensors::Conv2d {
            weights,
            shape,
            tile,
        } => {
            let (weight, bias) = match weights {
                ConvWeights::Layer(spec) => take_folded(spec, source)?,
                ConvWeights::SpaceToDepth(spec) => {
                    let (weight, bias) = take_folded(spec, source)?;
                    let sides = [shape.kernel; 2];
                    let weight = space_to_depth(&weight, spec.weight_shape(), 0, sides);
                    (weight, bias)
                }
                ConvWeights::Shifted(by) => shifted(shape, by),
            };
            (conv2d::pack(&weight, shape, tile), bias)
        }
        Tensors::Norm(spec) => {
            let (scale, shift) = take_scale_shift(spec, source)?;
            (padded(scale), shift)
        }
        Tensors::Linear {
            spec,
            channels,
            pixels,
            on_cpu: keep,
        } => {
            let dense = spec.take(source)?;
            let weight = linear::pack(&dense.weight, channels, pixels);
            let bias = dense.bias.clone();
            on_cpu = keep.then_some(dense);
            (weight, bias)
        }
        Tensors::ChannelConvolution { name, kernel } => {
            let weight = source.take(&format!("{name}.weight"), &[1, 1, kernel])?;
            (weight, Vec::new())
        }
    };
    Ok(Packed {
        weight,
        bias: padded(bias),
        on_cpu,
    })
}

/// A 1x1 convolution from each input channel to the output channel that is so many places after it.
fn shifted(shape: ConvShape, by: usize) -> (Vec<f32>, Vec<f32>) {
    let mut weight = vec![0.0; shape.outputs * shape.inputs];
    let rows = weight.chunks_exact_mut(shape.inputs).skip(by);
    for (input, row) in rows.take(shape.inputs).enumerate() {
        row[input] = 1.0;
    }
    (weight, vec![0.0; shape.outputs])
}
