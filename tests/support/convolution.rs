//! Convolutions as the definition has them, one sum at a time, against those of a device.

use burn::prelude::*;
use resnet_web::cpu::ops::{PackedConv, PackedLinear, conv, conv_residual, linear, pool};
use resnet_web::resnet::conv::{Arithmetic, ConvShape};
use resnet_web::resnet::spec::{PoolKind, PoolSpec};
use resnet_web::weights::synthetic;

/// How far a value may be off, relative to the largest.
pub const TOLERANCE: f32 = 1e-4;

/// A convolution to be tried.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Channels in and out, kernel, stride, padding, groups.
    pub shape: ConvShape,
    /// Batch, height, width.
    pub input: [usize; 3],
}

/// `(inputs, outputs, kernel, stride, padding, groups)`, `[batch, height, width]`.
type Row = ((usize, usize, usize, usize, usize, usize), [usize; 3]);

/// Every kind of convolution that ResNets have, and odd ones.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    // 3x3, stride 1: Winograd with tiles of 4, whole and cut.
    ((64, 64, 3, 1, 1, 1), [1, 56, 56]),
    ((64, 64, 3, 1, 1, 1), [3, 7, 7]),
    ((4, 8, 3, 1, 1, 1), [1, 5, 9]),
    ((8, 24, 3, 1, 1, 1), [1, 1, 1]),
    ((128, 128, 3, 1, 1, 1), [1, 14, 13]),
    // Winograd with tiles of 2.
    ((16, 512, 3, 1, 1, 1), [1, 7, 7]),
    ((512, 512, 3, 1, 1, 1), [1, 2, 3]),
    // Channels that fit no register.
    ((3, 8, 3, 1, 1, 1), [1, 6, 6]),
    ((1, 1, 3, 1, 1, 1), [1, 6, 6]),
    ((5, 7, 3, 1, 1, 1), [2, 4, 4]),
    ((64, 10, 1, 1, 0, 1), [1, 3, 3]),
    // The stem.
    ((3, 64, 7, 2, 3, 1), [1, 64, 64]),
    ((3, 64, 7, 2, 3, 1), [3, 33, 31]),
    ((1, 64, 7, 2, 3, 1), [1, 32, 32]),
    // Strides.
    ((64, 128, 3, 2, 1, 1), [1, 28, 28]),
    ((64, 128, 3, 2, 1, 1), [1, 7, 9]),
    ((64, 128, 1, 2, 0, 1), [1, 8, 8]),
    ((64, 128, 1, 2, 0, 1), [3, 7, 5]),
    // 1x1.
    ((256, 64, 1, 1, 0, 1), [1, 7, 7]),
    ((64, 256, 1, 1, 0, 1), [3, 3, 5]),
    ((2048, 8, 1, 1, 0, 1), [1, 7, 7]),
    // No padding, more padding than needed.
    ((8, 8, 3, 1, 0, 1), [1, 6, 6]),
    ((8, 8, 3, 1, 2, 1), [1, 6, 6]),
    ((8, 8, 5, 3, 2, 1), [1, 11, 7]),
    // Groups, as in ResNeXt.
    ((128, 128, 3, 1, 1, 32), [1, 6, 6]),
    ((128, 128, 3, 2, 1, 32), [1, 7, 7]),
    ((64, 64, 3, 1, 1, 2), [2, 9, 7]),
    ((10, 6, 3, 1, 1, 2), [2, 5, 5]),
    ((8, 16, 1, 1, 0, 2), [1, 3, 9]),
];

/// The table of cases.
pub fn cases() -> impl Iterator<Item = Case> {
    ROWS.iter().map(
        |&((inputs, outputs, kernel, stride, padding, groups), input)| Case {
            shape: ConvShape {
                inputs,
                outputs,
                kernel,
                stride,
                padding,
                groups,
                arithmetic: Arithmetic::F32,
            },
            input,
        },
    )
}

/// Numbers between -1 and 1 that follow from a name.
fn numbers(count: usize, name: usize) -> Vec<f32> {
    // The first few hundred of a sequence, so that each name has its own.
    let all = synthetic::input([1, 1, 1, count + 37 * name]);
    all[37 * name..].to_vec()
}

impl Case {
    /// A line for each way of running it whose result is not the definition's.
    pub async fn faults(&self, device: &Device) -> Vec<String> {
        let [batch, height, width] = self.input;
        let x = numbers(batch * self.shape.inputs * height * width, 1);
        let weight = numbers(self.shape.weight().iter().product(), 2);
        self.faults_with(device, &x, &weight).await
    }

    /// The same in eight bits, of numbers that lose nothing by it: whole ones, those of each pixel and group from -10 to 117,
    /// each output channel's weights to 127.
    pub async fn int8_faults(mut self, device: &Device) -> Vec<String> {
        self.shape.arithmetic = Arithmetic::Int8;
        let [batch, height, width] = self.input;
        let pixels = height * width;
        let mut x = numbers(batch * self.shape.inputs * pixels, 1);
        let [_, inputs, kernel, _] = self.shape.weight();
        for (i, x) in x.iter_mut().enumerate() {
            *x = match i / pixels % inputs {
                0 => -10.0,
                1 => 117.0,
                _ => (53.5 + 63.0 * *x).round(),
            };
        }
        let volume = inputs * kernel * kernel;
        let mut weight = numbers(self.shape.outputs * volume, 2);
        for (i, weight) in weight.iter_mut().enumerate() {
            *weight = if i % volume == 0 {
                -127.0
            } else {
                (126.0 * *weight).round()
            };
        }
        self.faults_with(device, &x, &weight).await
    }

    async fn faults_with(&self, device: &Device, x: &[f32], weight: &[f32]) -> Vec<String> {
        let Self { shape, input } = *self;
        let [batch, height, width] = input;
        let [rows, columns] = [height, width].map(|side| shape.output_side(side));
        let map = [batch, shape.inputs, height, width];
        let out = [batch, shape.outputs, rows, columns];
        let bias = numbers(shape.outputs, 3);
        let residual = numbers(out.iter().product(), 4);
        let sums = self.sums(x, weight, &bias);

        let tensor = |values: &[f32], shape| {
            Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), device)
        };
        let weights = PackedConv::new(weight.to_vec(), bias, shape);
        let mut faults = Vec::new();
        for relu in [false, true] {
            let y = conv(tensor(x, map), &weights, relu);
            let expected = sums
                .iter()
                .map(|&sum| if relu { sum.max(0.0) } else { sum });
            let what = format!("{shape:?} of {input:?}, ReLU {relu}");
            faults.extend(differs(&what, y, out, expected.collect()).await);
        }
        for relu in [false, true] {
            let y = conv_residual(tensor(x, map), &weights, tensor(&residual, out), relu);
            let sums = sums.iter().zip(&residual).map(|(sum, more)| sum + more);
            let expected = sums.map(|sum| if relu { sum.max(0.0) } else { sum });
            let what = format!("{shape:?} of {input:?}, with a residual, ReLU {relu}");
            faults.extend(differs(&what, y, out, expected.collect()).await);
        }
        faults
    }

    /// Convolution plus bias, in f64.
    fn sums(&self, x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let Self { shape, input } = *self;
        let [batch, height, width] = input;
        let [rows, columns] = [height, width].map(|side| shape.output_side(side));
        let [_, group_inputs, kernel, _] = shape.weight();
        let group_outputs = shape.outputs / shape.groups;
        let mut sums = Vec::new();
        for n in 0..batch {
            for (output, &bias) in bias.iter().enumerate() {
                for place in 0..rows * columns {
                    let (top, left) = (
                        place / columns * shape.stride,
                        place % columns * shape.stride,
                    );
                    let mut sum = f64::from(bias);
                    for i in 0..group_inputs {
                        let channel = output / group_outputs * group_inputs + i;
                        for k in 0..kernel * kernel {
                            let (y, x_) = (top + k / kernel, left + k % kernel);
                            let inside = |at: usize, side: usize| {
                                at.checked_sub(shape.padding).filter(|&at| at < side)
                            };
                            if let (Some(y), Some(x_)) = (inside(y, height), inside(x_, width)) {
                                let at = ((n * shape.inputs + channel) * height + y) * width + x_;
                                let w = (output * group_inputs + i) * kernel * kernel + k;
                                sum += f64::from(x[at]) * f64::from(weight[w]);
                            }
                        }
                    }
                    sums.push(sum as f32);
                }
            }
        }
        sums
    }
}

/// A line for each pooling that gives other numbers than the definition.
pub async fn pooling_faults(device: &Device) -> Vec<String> {
    let mut faults = Vec::new();
    for map in [
        [1, 64, 12, 12],
        [3, 5, 7, 9],
        [1, 1, 1, 1],
        [2, 8, 2, 3],
        [1, 6, 5, 1],
    ] {
        let [batch, channels, height, width] = map;
        let x = numbers(map.iter().product(), 5);
        let [rows, columns] = [height, width].map(|side| (side - 1) / 2 + 1);
        let mut expected = Vec::new();
        for image in x.chunks_exact(height * width) {
            for place in 0..rows * columns {
                let window = (0..9).filter_map(|k| {
                    let y = (2 * (place / columns) + k / 3).checked_sub(1)?;
                    let x = (2 * (place % columns) + k % 3).checked_sub(1)?;
                    (y < height && x < width).then(|| image[y * width + x])
                });
                expected.push(window.fold(f32::NEG_INFINITY, f32::max));
            }
        }
        let stem = PoolSpec {
            name: "maxpool".to_owned(),
            kind: PoolKind::Max,
            kernel: 3,
            stride: 2,
            padding: 1,
            ceil: false,
        };
        let y = pool(Tensor::from_data(TensorData::new(x, map), device), &stem);
        let out = [batch, channels, rows, columns];
        faults.extend(differs(&format!("pooling of {map:?}"), y, out, expected).await);
    }
    faults
}

/// A line for each linear layer that gives other numbers than the definition: `[batch, in, out]`.
pub async fn linear_faults(device: &Device) -> Vec<String> {
    let mut faults = Vec::new();
    for [batch, inputs, outputs] in [
        [1, 512, 1000],
        [1, 7, 3],
        [3, 64, 10],
        [7, 1, 1],
        [1, 2048, 8],
    ] {
        let x = numbers(batch * inputs, 6);
        let weight = numbers(inputs * outputs, 7);
        let bias = numbers(outputs, 8);
        let mut expected = Vec::new();
        for x in x.chunks_exact(inputs) {
            for (row, &bias) in weight.chunks_exact(inputs).zip(&bias) {
                let products = x
                    .iter()
                    .zip(row)
                    .map(|(&x, &w)| f64::from(x) * f64::from(w));
                expected.push((f64::from(bias) + products.sum::<f64>()) as f32);
            }
        }
        let weights = PackedLinear::new(weight, bias, [inputs, outputs]);
        let x = Tensor::<2>::from_data(TensorData::new(x, [batch, inputs]), device);
        let y = linear(x, &weights, false);
        let what = format!(
            "a linear layer, [batch, in, out] {:?}",
            [batch, inputs, outputs]
        );
        faults.extend(differs(&what, y, [batch, outputs], expected).await);
    }
    faults
}

async fn differs<const D: usize>(
    what: &str,
    found: Tensor<D>,
    shape: [usize; D],
    expected: Vec<f32>,
) -> Option<String> {
    if found.dims() != shape {
        return Some(format!(
            "{what}: shape {:?} instead of {shape:?}",
            found.dims()
        ));
    }
    let found = found.into_data_async().await.unwrap();
    let largest = expected.iter().fold(1e-6, |max: f32, v| max.max(v.abs()));
    let differences = found
        .iter::<f32>()
        .zip(&expected)
        .map(|(f, e)| (f - e).abs() / largest);
    let worst = differences.fold(
        0.0,
        |max: f32, d| if d > max || d.is_nan() { d } else { max },
    );
    (worst.is_nan() || worst > TOLERANCE).then(|| format!("{what}: {worst} of the largest off"))
}
