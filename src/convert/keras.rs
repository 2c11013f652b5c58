//! Keras' ResNet-50 in torchvision's terms.
//!
//! | | Keras | torchvision |
//! |---|---|---|
//! | a convolution's kernel | `[height, width, in, out]` | `[out, in, height, width]` |
//! | the dense kernel | `[in, out]` | `[out, in]` |
//! | a convolution's bias | there | none: `running_mean = moving_mean - bias` |
//! | batch norm's epsilon | 1e-3 | 1e-5: `running_var = moving_variance + 1e-3 - 1e-5` |
//! | the input | blue, green, red of 0 to 255, less their means | red, green, blue of 0 to 1, normalised |
//! | stride 2 of a stage | on the first 1x1 ("v1") | on the 3x3 ("v1.5"), or v1 by configuration |

use super::ConvertError;
use super::package::{KerasPackage, KerasTensor};
use crate::image::Preprocessing;
use crate::resnet::spec::{ConvSpec, TensorSpec};
use crate::resnet::{Depth, NetworkSpec, ResNetConfig, StrideOn};

/// The means Keras takes off red, green and blue, of values from 0 to 255.
const KERAS_MEANS: [f64; 3] = [123.68, 116.779, 103.939];
const KERAS_EPSILON: f32 = 1e-3;
const TORCH_EPSILON: f32 = 1e-5;

/// A tensor as torchvision has it.
#[derive(Debug, Clone, PartialEq)]
pub struct TorchTensor {
    /// The key in torchvision's state dict.
    pub name: String,
    /// In PyTorch's order.
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Vec<f32>,
}

/// The network that Keras' ResNet-50 is: torchvision's, with the stride on the first 1x1.
pub fn config(classes: usize) -> ResNetConfig {
    ResNetConfig {
        stride_on: StrideOn::Conv1,
        ..ResNetConfig::torchvision(Depth::D50, classes)
    }
}

/// Every tensor of `network`, made of the package's.
///
/// # Errors
/// A tensor that is missing or has another shape.
pub fn to_torchvision(
    package: &KerasPackage,
    network: &NetworkSpec,
) -> Result<Vec<TorchTensor>, ConvertError> {
    let mut tensors = Vec::new();
    let stem = with_input_folded_in(convolution(package, "conv1", "bn_conv1", &network.stem)?);
    tensors.extend(stem.into_tensors(&network.stem)?);
    for (stage, spec) in network.stages.iter().enumerate() {
        for (block, letter) in spec.blocks.iter().zip('a'..) {
            // Keras numbers the stages from 2: the stem is the first.
            let branch = |part: &str| format!("{}{letter}_branch{part}", stage + 2);
            let residual = block.convolutions.iter().zip(["2a", "2b", "2c"]);
            let shortcut = block.shortcut.iter().zip(["1"]);
            for (conv, part) in residual.chain(shortcut) {
                let [source, norm] = ["res", "bn"].map(|kind| format!("{kind}{}", branch(part)));
                tensors.extend(convolution(package, &source, &norm, conv)?.into_tensors(conv)?);
            }
        }
    }
    let [weight, bias] = network.head.tensors();
    let dense = transposed(tensor(package, "fc1000/kernel")?, [1, 0]);
    tensors.push(named(&weight, dense)?);
    tensors.push(named(&bias, tensor(package, "fc1000/bias")?.clone())?);
    Ok(tensors)
}

/// A convolution and its batch norm, the kernel in PyTorch's order already.
struct Convolution {
    kernel: KerasTensor,
    bias: Vec<f32>,
    gamma: KerasTensor,
    beta: KerasTensor,
    mean: KerasTensor,
    variance: KerasTensor,
}

fn convolution(
    package: &KerasPackage,
    source: &str,
    norm: &str,
    spec: &ConvSpec,
) -> Result<Convolution, ConvertError> {
    let of = |layer: &str, parameter: &str| tensor(package, &format!("{layer}/{parameter}"));
    let kernel = of(source, "kernel")?;
    if kernel.shape.len() != 4 {
        return Err(ConvertError::Shape {
            name: format!("{}.weight", spec.name),
            expected: vec![
                spec.output_channels,
                spec.input_channels,
                spec.kernel,
                spec.kernel,
            ],
            found: kernel.shape.clone(),
        });
    }
    Ok(Convolution {
        kernel: transposed(kernel, [3, 2, 0, 1]),
        bias: of(source, "bias")?.values.clone(),
        gamma: of(norm, "gamma")?.clone(),
        beta: of(norm, "beta")?.clone(),
        mean: of(norm, "moving_mean")?.clone(),
        variance: of(norm, "moving_variance")?.clone(),
    })
}

impl Convolution {
    fn into_tensors(mut self, spec: &ConvSpec) -> Result<Vec<TorchTensor>, ConvertError> {
        for (mean, bias) in self.mean.values.iter_mut().zip(&self.bias) {
            *mean -= bias;
        }
        for variance in &mut self.variance.values {
            *variance = *variance + KERAS_EPSILON - TORCH_EPSILON;
        }
        let norm = spec.norm_tensors().into_iter();
        spec.convolution_tensors()
            .into_iter()
            .chain(norm)
            .zip([self.kernel, self.gamma, self.beta, self.mean, self.variance])
            .map(|(spec, tensor)| named(&spec, tensor))
            .collect()
    }
}

/// Makes the stem take red, green and blue, normalised, instead of Keras' input.
///
/// With `keras = 255 std x + 255 mean - keras_mean` for each channel the factor goes into the kernel and the rest
/// into the bias. At the border that is not exact: both pad with zero, which is another colour in each; logits differ
/// by up to 0.01 for it.
fn with_input_folded_in(mut stem: Convolution) -> Convolution {
    let Preprocessing { mean, std, .. } = Preprocessing::default();
    let [channels, area] = [
        stem.kernel.shape[1],
        stem.kernel.shape[2] * stem.kernel.shape[3],
    ];
    let kernels = stem.kernel.values.chunks_exact_mut(channels * area);
    for (kernel, bias) in kernels.zip(&mut stem.bias) {
        // Blue, green, red.
        let planes: Vec<Vec<f32>> = kernel.chunks_exact(area).map(<[f32]>::to_vec).collect();
        let mut offset = 0.0;
        for (c, (plane, source)) in kernel
            .chunks_exact_mut(area)
            .zip(planes.iter().rev())
            .enumerate()
        {
            // The decimal numbers of torchvision's documentation, not their f32 neighbours.
            let [mean, std] = [mean[c], std[c]].map(|value| (f64::from(value) * 1e3).round() / 1e3);
            for (value, &source) in plane.iter_mut().zip(source) {
                *value = (f64::from(source) * (255.0 * std)) as f32;
                offset += f64::from(source) * (255.0 * mean - KERAS_MEANS[c]);
            }
        }
        *bias = (f64::from(*bias) + offset) as f32;
    }
    stem
}

fn tensor<'a>(package: &'a KerasPackage, name: &str) -> Result<&'a KerasTensor, ConvertError> {
    let missing = || ConvertError::MissingTensor {
        name: name.to_owned(),
    };
    package.tensors.get(name).ok_or_else(missing)
}

fn named(spec: &TensorSpec, tensor: KerasTensor) -> Result<TorchTensor, ConvertError> {
    if tensor.shape != spec.shape {
        return Err(ConvertError::Shape {
            name: spec.name.clone(),
            expected: spec.shape.clone(),
            found: tensor.shape,
        });
    }
    Ok(TorchTensor {
        name: spec.name.clone(),
        shape: tensor.shape,
        values: tensor.values,
    })
}

/// The tensor with its axes in another order, as NumPy's `transpose(axes)`.
fn transposed<const D: usize>(tensor: &KerasTensor, axes: [usize; D]) -> KerasTensor {
    let mut strides = vec![1; D];
    for axis in (1..D).rev() {
        strides[axis - 1] = strides[axis] * tensor.shape[axis];
    }
    let shape: Vec<usize> = axes.iter().map(|&axis| tensor.shape[axis]).collect();
    let values = (0..tensor.values.len())
        .map(|mut rest| {
            let mut source = 0;
            for (&axis, &side) in axes.iter().zip(&shape).rev() {
                source += rest % side * strides[axis];
                rest /= side;
            }
            tensor.values[source]
        })
        .collect();
    KerasTensor { shape, values }
}
