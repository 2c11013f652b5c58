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

use resnet_web_core::image::Preprocessing;
use resnet_web_core::resnet::spec::{ConvSpec, TensorSpec};
use resnet_web_core::resnet::{Depth, NetworkSpec, ResNetConfig, StrideOn};

use super::ConvertError;
use super::package::{KerasPackage, KerasTensor};

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
    for spec in &network.stem.convolutions {
        let stem = convolution(package, "conv1", "bn_conv1", spec)?;
        tensors.extend(with_input_folded_in(stem).into_tensors(spec));
    }
    for (stage, spec) in network.stages.iter().enumerate() {
        for (block, letter) in spec.blocks.iter().zip('a'..) {
            // Keras numbers the stages from 2: the stem is the first.
            let branch = |part: &str| format!("{}{letter}_branch{part}", stage + 2);
            let residual = block.convolutions.iter().zip(["2a", "2b", "2c"]);
            let shortcut = block.projection().into_iter().zip(["1"]);
            for (conv, part) in residual.chain(shortcut) {
                let [source, norm] = ["res", "bn"].map(|kind| format!("{kind}{}", branch(part)));
                tensors.extend(convolution(package, &source, &norm, conv)?.into_tensors(conv));
            }
        }
    }
    let shape = [network.head.features, network.head.classes];
    for tensor in network.head.tensors() {
        let values = match tensor.shape.len() {
            2 => transposed(values(package, "fc1000/kernel", &shape)?, shape, [1, 0]),
            _ => values(package, "fc1000/bias", &shape[1..])?.to_vec(),
        };
        tensors.push(TorchTensor::new(tensor, values));
    }
    Ok(tensors)
}

impl TorchTensor {
    fn new(spec: TensorSpec, values: Vec<f32>) -> Self {
        let TensorSpec { name, shape } = spec;
        Self {
            name,
            shape,
            values,
        }
    }
}

/// A convolution and its batch norm, the kernel in PyTorch's order already.
struct Convolution {
    kernel: Vec<f32>,
    bias: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    mean: Vec<f32>,
    variance: Vec<f32>,
}

fn convolution(
    package: &KerasPackage,
    source: &str,
    norm: &str,
    spec: &ConvSpec,
) -> Result<Convolution, ConvertError> {
    let shape = [
        spec.kernel,
        spec.kernel,
        spec.input_channels,
        spec.output_channels,
    ];
    let kernel = values(package, &format!("{source}/kernel"), &shape)?;
    let of = |layer: &str, parameter: &str| {
        values(package, &format!("{layer}/{parameter}"), &shape[3..]).map(<[f32]>::to_vec)
    };
    Ok(Convolution {
        kernel: transposed(kernel, shape, [3, 2, 0, 1]),
        bias: of(source, "bias")?,
        gamma: of(norm, "gamma")?,
        beta: of(norm, "beta")?,
        mean: of(norm, "moving_mean")?,
        variance: of(norm, "moving_variance")?,
    })
}

impl Convolution {
    fn into_tensors(mut self, spec: &ConvSpec) -> impl Iterator<Item = TorchTensor> {
        for (mean, bias) in self.mean.iter_mut().zip(&self.bias) {
            *mean -= bias;
        }
        for variance in &mut self.variance {
            *variance = *variance + KERAS_EPSILON - TORCH_EPSILON;
        }
        let values = [self.kernel, self.gamma, self.beta, self.mean, self.variance];
        spec.convolution_tensors()
            .into_iter()
            .chain(spec.norm_tensors().into_iter().flatten())
            .zip(values)
            .map(|(spec, values)| TorchTensor::new(spec, values))
    }
}

/// Makes the stem take red, green and blue, normalised, instead of Keras' input.
///
/// With `keras = 255 std x + 255 mean - keras_mean` for each channel the factor goes into the kernel and the rest
/// into the bias. At the border that is not exact: both pad with zero, which is another colour in each; logits differ
/// by up to 0.01 for it.
fn with_input_folded_in(mut stem: Convolution) -> Convolution {
    let Preprocessing { mean, std, .. } = Preprocessing::default();
    let volume = stem.kernel.len() / stem.bias.len();
    let area = volume / KERAS_MEANS.len();
    let kernels = stem.kernel.chunks_exact_mut(volume);
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

/// The values of one of the package's tensors, if it has this shape in Keras' order.
fn values<'a>(
    package: &'a KerasPackage,
    name: &str,
    expected: &[usize],
) -> Result<&'a [f32], ConvertError> {
    let missing = || ConvertError::MissingTensor {
        name: name.to_owned(),
    };
    let KerasTensor { shape, values } = package.tensors.get(name).ok_or_else(missing)?;
    if shape != expected {
        return Err(ConvertError::Shape {
            name: name.to_owned(),
            expected: expected.to_vec(),
            found: shape.clone(),
        });
    }
    Ok(values)
}

/// The values with their axes in another order, as NumPy's `transpose(axes)`.
fn transposed<const D: usize>(values: &[f32], shape: [usize; D], axes: [usize; D]) -> Vec<f32> {
    let mut strides = [1; D];
    for axis in (1..D).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    let value = |mut rest: usize| {
        let mut source = 0;
        for axis in axes.into_iter().rev() {
            source += rest % shape[axis] * strides[axis];
            rest /= shape[axis];
        }
        values[source]
    };
    (0..values.len()).map(value).collect()
}
