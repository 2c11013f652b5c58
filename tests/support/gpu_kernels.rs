//! The GPU's kernels, each alone, against their definitions.

use std::collections::BTreeMap;

use resnet_web::gpu::caps::Caps;
use resnet_web::gpu::kernels::linear::Activation;
use resnet_web::gpu::kernels::{
    Kernel, Params, average_pool, channel_convolution, concat_pool, conv2d, linear, pool2d,
    scale_shift, workgroups,
};
use resnet_web::gpu::layout::channel_blocks;
use resnet_web::gpu::lower::{
    Call, ConvWeights, Input, MapId, MapSpec, Operand, Program, Tensors, TensorsId,
};
use resnet_web::gpu::select::{self, Forced};
use resnet_web::gpu::{Gpu, Plan};
use resnet_web::resnet::conv::{Arithmetic, ConvShape};
use resnet_web::resnet::spec::{LinearSpec, NormSpec, PoolKind, PoolSpec};
use resnet_web::weights::TensorSource;
use resnet_web::weights::synthetic::{Synthetic, input};
use resnet_web_core::storage_dtype::StorageDtype;
use resnet_web_core::weights::folded::take_scale_shift;
use resnet_web_core::weights::folded_head::FoldedLinear;

/// How far a value may be off, relative to the largest.
const TOLERANCE: f32 = 1e-5;
/// The maps of a program of one call.
const FROM: MapId = MapId(0);
const TO: MapId = MapId(1);
/// A third map.
const BESIDE: MapId = MapId(2);
const WEIGHTS: Operand = Operand::Weight(TensorsId(0));
const BIAS: Operand = Operand::Bias(TensorsId(0));
const F32: StorageDtype = StorageDtype::F32;

type Shape = [usize; 4];

/// A map as its definition reads it, `[batch, channels, height, width]`.
struct Map {
    shape: Shape,
    values: Vec<f32>,
}

impl Map {
    fn of(shape: Shape) -> Self {
        let values = input(shape);
        Self { shape, values }
    }

    fn at(&self, [image, channel, y, x]: Shape) -> f32 {
        let [_, channels, height, width] = self.shape;
        self.values[((image * channels + channel) * height + y) * width + x]
    }

    /// A channel's values.
    fn channel(&self, image: usize, channel: usize) -> &[f32] {
        let [_, channels, height, width] = self.shape;
        let pixels = height * width;
        &self.values[(image * channels + channel) * pixels..][..pixels]
    }
}

/// Calculates every value of a map of this shape.
fn defined(shape: Shape, mut value: impl FnMut(Shape) -> f32) -> Vec<f32> {
    let [batch, channels, height, width] = shape;
    let places = (0..batch * channels * height * width).map(|i| {
        let [row, x] = [i / width, i % width];
        let [map, y] = [row / height, row % height];
        [map / channels, map % channels, y, x]
    });
    places.map(&mut value).collect()
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

fn largest(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Calls of kernels from one map to another, and what has to come out.
struct Case<'a> {
    name: String,
    from: Shape,
    /// What the first map is stored as, where that is not what maps are.
    from_dtype: Option<StorageDtype>,
    to: Shape,
    to_dtype: Option<StorageDtype>,
    /// A third map.
    beside: Option<Shape>,
    tensors: Vec<Tensors<'a>>,
    calls: Vec<Call<'a>>,
    expected: Vec<f32>,
}

fn call<'a>(
    kernel: Kernel,
    params: &impl Params,
    [input, output]: [MapId; 2],
    operands: Vec<Operand>,
    workgroups: [usize; 3],
) -> Call<'a> {
    Call {
        layer: "alone",
        kernel,
        params: params.bytes().to_vec(),
        input,
        output,
        operands,
        workgroups: workgroups.map(|count| count as u32),
    }
}

impl Case<'_> {
    async fn fault(self, gpu: &Gpu) -> Option<String> {
        let maps = gpu.storage_dtype();
        let map = |shape, dtype: Option<StorageDtype>| MapSpec {
            shape,
            dtype: dtype.unwrap_or(maps),
        };
        let mut all = vec![map(self.from, self.from_dtype), map(self.to, self.to_dtype)];
        all.extend(self.beside.map(|shape| map(shape, Some(F32))));
        let program = Program {
            maps: all,
            tensors: self.tensors,
            calls: self.calls,
            input: Input {
                map: FROM,
                space_to_depth: None,
            },
            features: TO,
            logits: None,
            observed: BTreeMap::new(),
            class_maps: None,
        };
        let plan = Plan::new(&program, &mut Synthetic, gpu).unwrap();
        let outputs = plan.run_with_features(&input(self.from)).await.unwrap();
        let (found, expected) = (outputs.features, self.expected);
        let size = largest(&expected.iter().map(|v| v.abs()).collect::<Vec<_>>());
        let near = |(f, e): (&f32, &f32)| (f - e).abs() <= TOLERANCE * size;
        let place = found.iter().zip(&expected).position(|pair| !near(pair));
        match place {
            _ if found.len() != expected.len() => Some(format!(
                "{}: {} values instead of {}",
                self.name,
                found.len(),
                expected.len()
            )),
            Some(i) => Some(format!(
                "{}: [{i}] is {} instead of {}",
                self.name, found[i], expected[i]
            )),
            None => None,
        }
    }
}

/// A line for every kernel that computes something else than its definition. Maps are f32 on `gpu`.
pub async fn faults(gpu: &Gpu) -> Vec<String> {
    let norm = NormSpec {
        name: "norm".to_owned(),
        relu: None,
        channels: 6,
    };
    let linears = [7, 70].map(|outputs| LinearSpec {
        name: "linear".to_owned(),
        inputs: 30,
        outputs,
        bias: true,
    });
    let mut cases = window_pools();
    cases.extend(whole_pools());
    cases.extend(scales(&norm));
    cases.extend(channel_convolutions());
    cases.extend(linears.iter().flat_map(linear_layers));
    cases.extend(zero_paddings());
    let mut faults = Vec::new();
    for case in cases {
        faults.extend(case.fault(gpu).await);
    }
    faults
}

/// A case whose maps are stored as maps are.
fn case<'a>(
    name: String,
    [from, to]: [Shape; 2],
    tensors: Option<Tensors<'a>>,
    calls: Vec<Call<'a>>,
    expected: Vec<f32>,
) -> Case<'a> {
    Case {
        name,
        from,
        from_dtype: None,
        to,
        to_dtype: None,
        beside: None,
        tensors: tensors.into_iter().collect(),
        calls,
        expected,
    }
}

fn window_pools<'a>() -> Vec<Case<'a>> {
    let pool = |kind, kernel, stride, padding, ceil| PoolSpec {
        name: String::new(),
        kind,
        kernel,
        stride,
        padding,
        ceil,
    };
    let pools = [
        pool(PoolKind::Max, 3, 2, 1, false),
        pool(PoolKind::Max, 3, 2, 1, true),
        pool(PoolKind::Max, 3, 1, 1, false),
        pool(PoolKind::Average, 2, 2, 0, true),
        pool(PoolKind::Average, 2, 2, 0, false),
        pool(PoolKind::Average, 2, 1, 0, true),
        pool(PoolKind::Blur, 3, 2, 1, false),
    ];
    let mut cases = Vec::new();
    for spec in &pools {
        for from in [[2, 6, 7, 5], [1, 8, 8, 4], [1, 3, 2, 2], [1, 300, 3, 9]] {
            let [height, width] = spec.output_size([from[2], from[3]]);
            let to = [from[0], from[1], height, width];
            let map = Map::of(from);
            let call = call(
                pool2d::kernel(spec),
                &pool2d::Params::new(from, to),
                [FROM, TO],
                Vec::new(),
                workgroups::of_maps(to),
            );
            let expected = defined(to, |place| pooled(&map, spec, place));
            let name = format!("{:?} {} of {from:?}", spec.kind, spec.kernel);
            cases.push(case(name, [from, to], None, vec![call], expected));
        }
    }
    cases
}

/// One value of a pooling.
fn pooled(map: &Map, spec: &PoolSpec, [image, channel, y, x]: Shape) -> f32 {
    let size = [map.shape[2], map.shape[3]].map(|side| side as isize);
    let mut values = Vec::new();
    let mut sum = 0.0;
    for place in 0..spec.kernel * spec.kernel {
        let step = [place / spec.kernel, place % spec.kernel];
        let at =
            |out: usize, step: usize| (out * spec.stride + step) as isize - spec.padding as isize;
        let at = [at(y, step[0]), at(x, step[1])];
        let reflected = [0, 1].map(|i| match at[i] {
            before if before < 0 => -before,
            after if after >= size[i] => 2 * (size[i] - 1) - after,
            inside => inside,
        });
        let read = |[y, x]: [isize; 2]| map.at([image, channel, y as usize, x as usize]);
        if spec.kind == PoolKind::Blur {
            let weight = step.map(|step| [0.25, 0.5, 0.25][step]);
            sum += weight[0] * weight[1] * read(reflected);
        } else if at == reflected {
            values.push(read(at));
        }
    }
    match spec.kind {
        PoolKind::Max => largest(&values),
        PoolKind::Average => mean(&values),
        _ => sum,
    }
}

fn whole_pools<'a>() -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for from in [[2, 6, 3, 5], [1, 5, 7, 7], [1, 300, 2, 1], [1, 8, 1, 1]] {
        let [batch, channels, ..] = from;
        let map = Map::of(from);
        let to = [batch, channels, 1, 1];
        let means = call(
            average_pool::kernel(),
            &average_pool::Params::new(from),
            [FROM, TO],
            Vec::new(),
            workgroups::of_vectors(batch, channels),
        );
        let expected = defined(to, |[image, c, ..]| mean(map.channel(image, c)));
        let name = format!("mean of {from:?}");
        cases.push(case(name, [from, to], None, vec![means], expected));

        let to = [batch, 2 * channels, 1, 1];
        let both = call(
            concat_pool::kernel(),
            &concat_pool::Params::new(from),
            [FROM, TO],
            Vec::new(),
            workgroups::of_vectors(batch, 2 * channels),
        );
        let expected = defined(to, |[image, feature, ..]| {
            match feature.checked_sub(channels) {
                None => largest(map.channel(image, feature)),
                Some(channel) => mean(map.channel(image, channel)),
            }
        });
        let name = format!("concat pool of {from:?}");
        cases.push(case(name, [from, to], None, vec![both], expected));
    }
    for case in &mut cases {
        case.to_dtype = Some(F32);
    }
    cases
}

fn scales(norm: &NormSpec) -> Vec<Case<'_>> {
    let shape @ [batch, channels, ..] = [2, norm.channels, 5, 3];
    let map = Map::of(shape);
    let (scale, shift) = take_scale_shift(norm, &mut Synthetic).unwrap();
    let mut cases = Vec::new();
    for (relu, residual) in [(false, false), (true, false), (false, true), (true, true)] {
        let finish = |y: f32, x: f32| {
            let y = if residual { y + x } else { y };
            if relu { y.max(0.0) } else { y }
        };
        let scaled = |each_image, scale, shift| {
            call(
                scale_shift::kernel(),
                &scale_shift::Params::new(shape, each_image, [relu, residual]),
                [FROM, TO],
                vec![scale, shift, Operand::Map(FROM)],
                workgroups::of_maps(shape),
            )
        };
        let expected = defined(shape, |place| {
            let (c, x) = (place[1], map.at(place));
            finish(x * scale[c] + shift[c], x)
        });
        let name = format!("batch norm, ReLU {relu}, residual {residual}");
        let scaled_alone = vec![scaled(false, WEIGHTS, BIAS)];
        let tensors = Some(Tensors::Norm(norm));
        cases.push(case(name, [shape; 2], tensors, scaled_alone, expected));

        let means = call(
            average_pool::kernel(),
            &average_pool::Params::new(shape),
            [FROM, BESIDE],
            Vec::new(),
            workgroups::of_vectors(batch, channels),
        );
        let gated = scaled(true, Operand::Map(BESIDE), Operand::Zeros(channels));
        let expected = defined(shape, |place| {
            let gate = mean(map.channel(place[0], place[1]));
            finish(map.at(place) * gate, map.at(place))
        });
        let name = format!("gates of each image, ReLU {relu}, residual {residual}");
        cases.push(Case {
            beside: Some([batch, channels, 1, 1]),
            ..case(name, [shape; 2], None, vec![means, gated], expected)
        });
    }
    cases
}

fn channel_convolutions<'a>() -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for (shape, kernel) in [([2, 6, 1, 1], 3), ([1, 300, 1, 1], 5), ([1, 2, 1, 1], 7)] {
        let [batch, channels, ..] = shape;
        let map = Map::of(shape);
        let weight = Synthetic.take("across.weight", &[1, 1, kernel]).unwrap();
        let expected = defined(shape, |[image, channel, ..]| {
            let seen = (0..kernel).filter_map(|i| {
                let c = (channel + i).checked_sub(kernel / 2)?;
                (c < channels).then(|| weight[i] * map.at([image, c, 0, 0]))
            });
            sigmoid(seen.sum())
        });
        let call = call(
            channel_convolution::kernel(),
            &channel_convolution::Params::new(channels, kernel),
            [FROM, TO],
            vec![WEIGHTS],
            workgroups::of_vectors(batch, channels),
        );
        let tensors = Tensors::ChannelConvolution {
            name: "across",
            kernel,
        };
        let name = format!("{kernel} of {channels} channels");
        cases.push(Case {
            from_dtype: Some(F32),
            to_dtype: Some(F32),
            ..case(name, [shape; 2], Some(tensors), vec![call], expected)
        });
    }
    cases
}

fn linear_layers(spec: &LinearSpec) -> Vec<Case<'_>> {
    let folded = FoldedLinear::of(spec);
    let dense = folded.take(&mut Synthetic).unwrap();
    let mut cases = Vec::new();
    for activation in [Activation::None, Activation::Relu, Activation::Sigmoid] {
        // A vector, and a map that is flattened.
        for from in [[2, 30, 1, 1], [1, 5, 2, 3]] {
            let [batch, channels, height, width] = from;
            let pixels = height * width;
            let to = [batch, spec.outputs, 1, 1];
            let map = Map::of(from);
            let expected = defined(to, |[image, output, ..]| {
                let row = &dense.weight[output * spec.inputs..][..spec.inputs];
                let x = &map.values[image * spec.inputs..];
                let sum = row.iter().zip(x).map(|(w, x)| w * x).sum::<f32>();
                let sum = sum + dense.bias[output];
                match activation {
                    Activation::None => sum,
                    Activation::Relu => sum.max(0.0),
                    Activation::Sigmoid => sigmoid(sum),
                }
            });
            let blocks = pixels * channel_blocks(channels);
            let call = call(
                linear::kernel(F32),
                &linear::Params::new(blocks, spec.outputs, 0, activation),
                [FROM, TO],
                vec![WEIGHTS, BIAS],
                linear::workgroups(batch, spec.outputs),
            );
            let tensors = Tensors::Linear {
                spec: folded,
                channels,
                pixels,
                on_cpu: false,
            };
            let name = format!("linear {from:?} to {}, {activation:?}", spec.outputs);
            cases.push(Case {
                from_dtype: Some(F32),
                to_dtype: Some(F32),
                ..case(name, [from, to], Some(tensors), vec![call], expected)
            });
        }
    }
    cases
}

fn zero_paddings<'a>() -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for (from, before, after) in [
        ([2, 6, 7, 5], 3, 3),
        ([1, 16, 8, 8], 8, 8),
        ([1, 5, 4, 4], 0, 2),
    ] {
        let [batch, inputs, height, width] = from;
        let shape = ConvShape {
            inputs,
            outputs: before + inputs + after,
            kernel: 1,
            stride: 2,
            padding: 0,
            groups: 1,
            arithmetic: Arithmetic::F32,
        };
        let tile = select::conv2d(&shape, &Caps::default(), Forced::default());
        let to = [batch, shape.outputs, height.div_ceil(2), width.div_ceil(2)];
        let map = Map::of(from);
        let expected = defined(to, |[image, output, y, x]| {
            let channel = output.checked_sub(before).filter(|&c| c < inputs);
            channel.map_or(0.0, |c| map.at([image, c, 2 * y, 2 * x]))
        });
        let call = call(
            conv2d::kernel(tile),
            &conv2d::Params::new(shape, tile, [from, to], [false, false]),
            [FROM, TO],
            vec![WEIGHTS, BIAS, Operand::Map(FROM)],
            conv2d::workgroups(tile, to),
        );
        let tensors = Tensors::Conv2d {
            weights: ConvWeights::Shifted(before),
            shape,
            tile,
        };
        let name = format!("{from:?} between {before} and {after} channels of zeros");
        cases.push(case(name, [from, to], Some(tensors), vec![call], expected));
    }
    cases
}
