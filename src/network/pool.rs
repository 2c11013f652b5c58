//! Pooling, and the zero-padded shortcut: layers without parameters.

use burn::nn::PaddingConfig2d;
use burn::nn::pool::{AvgPool2dConfig, MaxPool2dConfig};
use burn::prelude::*;
use burn::tensor::module::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};

use crate::observe::{Observer, Output};
use crate::resnet::spec::{PoolKind, PoolSpec};

/// Weights of the binomial filter along one side (Zhang 2019, "Making Convolutional Networks Shift-Invariant Again").
const BINOMIAL: [f32; 3] = [0.25, 0.5, 0.25];

/// `[batch, channels, height, width]` to maps of the size that the spec gives.
pub(super) fn pool(x: Tensor<4>, spec: &PoolSpec, observer: &mut dyn Observer) -> Tensor<4> {
    let PoolSpec {
        kernel,
        stride,
        padding,
        ..
    } = *spec;
    let sides = PaddingConfig2d::Explicit(padding, padding, padding, padding);
    let x = match spec.kind {
        PoolKind::Average => AvgPool2dConfig::new([kernel; 2])
            .with_strides([stride; 2])
            .with_padding(sides)
            .with_ceil_mode(spec.ceil)
            .with_count_include_pad(false)
            .init()
            .forward(x),
        PoolKind::Blur => blur(x, stride, padding),
        _ => MaxPool2dConfig::new([kernel; 2])
            .with_strides([stride; 2])
            .with_padding(sides)
            .with_ceil_mode(spec.ceil)
            .init()
            .forward(x),
    };
    observer.see(&spec.name, Output::Map(&x));
    x
}

/// The binomial filter, over maps that are reflected at their borders.
fn blur(x: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let [_, channels, _, _] = x.dims();
    let kernel = BINOMIAL.map(|row| BINOMIAL.map(|column| row * column));
    let kernel = Tensor::<2>::from_data(kernel, &x.device())
        .reshape([1, 1, BINOMIAL.len(), BINOMIAL.len()])
        .repeat_dim(0, channels);
    let x = x.pad([(padding, padding); 2], PadMode::Reflect);
    conv2d(
        x,
        kernel,
        None,
        ConvOptions::new([stride; 2], [0; 2], [1; 2], channels),
    )
}

/// Every `stride`-th pixel, with channels of zeros before and after (He et al. 2015, option A).
pub(super) fn zero_padded(x: Tensor<4>, stride: usize, zeros: (usize, usize)) -> Tensor<4> {
    // A window of one pixel: what a slice with a step is, and burn can differentiate it.
    let x = MaxPool2dConfig::new([1, 1])
        .with_strides([stride; 2])
        .init()
        .forward(x);
    x.pad([zeros, (0, 0), (0, 0)], PadMode::Constant(0.0))
}
