//! The layers of one input that are no convolutions.

use burn::backend::flex::FlexTensor;
use resnet_web_core::resnet::spec::{PoolKind, PoolSpec};
use resnet_web_kernels::{FeatureMap, Window, attention, gemm, pointwise, pool};

use super::maps::NhwcMaps;
use super::packed::PackedLinear;
use super::{buffers, contiguous};

/// A layer of one input, other than a convolution.
#[derive(Debug, Clone, Copy)]
pub enum Layer<'a> {
    /// See [`pool`](super::pool).
    Pool(&'a PoolSpec),
    /// See [`scale_shift`](super::scale_shift).
    ScaleShift {
        /// What the channels are multiplied by, and what is added.
        weights: &'a ScaleShift,
        /// Whether negative outputs become zero.
        relu: bool,
    },
    /// See [`zero_pad`](super::zero_pad).
    ZeroPad(ZeroPad),
    /// See [`mean`](super::mean).
    Mean,
    /// See [`largest_and_mean`](super::largest_and_mean).
    LargestAndMean,
    /// See [`linear`](super::linear).
    Linear {
        /// Weights and bias.
        weights: &'a PackedLinear,
        /// Whether negative outputs become zero.
        relu: bool,
    },
    /// See [`across_channels`](super::across_channels).
    AcrossChannels(&'a [f32]),
    /// See [`sigmoid`](super::sigmoid).
    Sigmoid,
    /// See [`relu`](super::relu).
    Relu,
}

/// What a batch norm does to each channel.
#[derive(Debug)]
pub struct ScaleShift {
    /// One number for each channel.
    pub scale: Vec<f32>,
    /// One number for each channel.
    pub shift: Vec<f32>,
}

/// How a block's input is brought to the shape of its output without any weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroPad {
    /// The step, in pixels.
    pub stride: usize,
    /// Channels of zeros before the input's.
    pub before: usize,
    /// And after them.
    pub after: usize,
}

impl Layer<'_> {
    /// The layer's output, by the kernels.
    pub(super) fn compute(self, x: FlexTensor) -> FlexTensor {
        match self {
            Self::Linear { weights, relu } => of_features(x, weights.size()[1], |x, output| {
                let inputs = weights.size()[0];
                let (panels, bias) = (weights.panels(), weights.bias());
                gemm::linear(x, inputs, panels, bias, relu, output);
            }),
            Self::AcrossChannels(kernel) => {
                let channels = x.layout().shape()[1];
                of_features(x, channels, |x, output| {
                    let images = x.chunks_exact(channels);
                    for (x, output) in images.zip(output.chunks_exact_mut(channels)) {
                        attention::convolve_channels(x, kernel, output);
                    }
                })
            }
            Self::Sigmoid => {
                let channels = x.layout().shape()[1];
                of_features(x, channels, |x, output| {
                    output.copy_from_slice(x);
                    attention::sigmoid(output);
                })
            }
            Self::Relu if x.layout().shape().len() == 2 => {
                let features = x.layout().shape()[1];
                of_features(x, features, pointwise::relu)
            }
            Self::Relu => of_maps(
                x,
                |sides| sides,
                |map, _, output| pointwise::relu(map.numbers(), output),
            ),
            Self::Mean => of_maps(
                x,
                |[channels, _, _]| [channels, 1, 1],
                |map, _, output| pool::mean(map, output),
            ),
            Self::LargestAndMean => of_maps(
                x,
                |[channels, _, _]| [2 * channels, 1, 1],
                |map, _, output| {
                    let (largest, mean) = output.split_at_mut(output.len() / 2);
                    pool::largest(map, largest);
                    pool::mean(map, mean);
                },
            ),
            Self::Pool(spec) => {
                let window = Window {
                    side: spec.kernel,
                    stride: spec.stride,
                    padding: spec.padding,
                };
                let sides = |[channels, height, width]: Sides| {
                    let [height, width] = spec.output_size([height, width]);
                    [channels, height, width]
                };
                of_maps(x, sides, |map, size, output| match spec.kind {
                    PoolKind::Blur => pool::blur_pool(map, output),
                    PoolKind::Average => pool::average_pool(map, window, size, output),
                    _ => pool::max_pool(map, window, size, output),
                })
            }
            Self::ScaleShift { weights, relu } => of_maps(
                x,
                |sides| sides,
                |map, _, output| {
                    let ScaleShift { scale, shift } = weights;
                    pointwise::scale_shift(map.numbers(), scale, shift, relu, output);
                },
            ),
            Self::ZeroPad(ZeroPad {
                stride,
                before,
                after,
            }) => of_maps(
                x,
                |[channels, height, width]| {
                    let [height, width] = [height, width].map(|side| side.div_ceil(stride));
                    [before + channels + after, height, width]
                },
                |map, size, output| pool::zero_padded(map, stride, before, size, output),
            ),
        }
    }
}

/// A map's channels, height and width.
type Sides = [usize; 3];

/// Maps to maps of other sides, image by image: `compute` gets one, height and width of its output, and that.
fn of_maps(
    x: FlexTensor,
    sides: impl Fn(Sides) -> Sides,
    compute: impl Fn(FeatureMap<'_>, [usize; 2], &mut [f32]),
) -> FlexTensor {
    let x = NhwcMaps::new(x);
    let [channels, height, width] = sides([x.channels, x.height, x.width]);
    let size = channels * height * width;
    let mut output = buffers::take(x.batch * size);
    for (n, output) in output.chunks_exact_mut(size).enumerate() {
        compute(x.feature_map(n), [height, width], output);
    }
    let shape = [x.batch, channels, height, width];
    buffers::give_back(x);
    NhwcMaps::tensor(output, shape)
}

/// Features `[batch, in]` to features `[batch, out]`.
fn of_features(
    x: FlexTensor,
    outputs: usize,
    compute: impl FnOnce(&[f32], &mut [f32]),
) -> FlexTensor {
    let batch = x.layout().shape()[0];
    let x = x.to_contiguous();
    let mut output = vec![0.0; batch * outputs];
    compute(x.storage::<f32>(), &mut output);
    contiguous(output, &[batch, outputs])
}
