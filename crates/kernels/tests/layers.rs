//! Every kernel between the convolutions against the definition, one sum at a time in f64, on one thread and on several.

#![forbid(unsafe_code)]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use resnet_web_kernels::gemm::linear;
use resnet_web_kernels::packing::pack;
use resnet_web_kernels::{FeatureMap, Window, attention, pointwise, pool};
use support::{MOST_UNDER_MIRI, THREADS, numbers, on_threads};

/// How far a number may be off, as a part of the largest.
const TOLERANCE: f64 = 1e-5;

/// A map's height, width and channels.
type Sides = [usize; 3];

/// Channels that fill no register, one and several slices of channels; sides of one pixel, odd and even.
const MAPS: &[Sides] = &[
    [1, 1, 1],
    [1, 1, 8],
    [1, 2, 3],
    [2, 1, 4],
    [3, 3, 5],
    [4, 6, 4],
    [5, 4, 24],
    [7, 7, 70],
    [6, 5, 128],
    [16, 15, 200],
];

/// A kernel that takes one map: what it is called, what it computes, and the definition of one number.
struct Layer {
    name: &'static str,
    /// Height, width and channels out for those in.
    output: fn(Sides) -> Sides,
    compute: fn(FeatureMap<'_>, &[f32], Sides, &mut [f32]),
    /// The number at `[y, x, channel]`.
    defined: fn(&Map<'_>, Sides) -> f64,
}

/// A map as the definitions read it.
struct Map<'a> {
    numbers: &'a [f32],
    sides: Sides,
}

impl Map<'_> {
    fn at(&self, [y, x, channel]: Sides) -> f64 {
        let [_, width, channels] = self.sides;
        f64::from(self.numbers[(y * width + x) * channels + channel])
    }

    /// Every number of a channel.
    fn channel(&self, channel: usize) -> impl Iterator<Item = f64> {
        let [_, _, channels] = self.sides;
        let all = self.numbers.iter().skip(channel).step_by(channels);
        all.map(|&value| f64::from(value))
    }

    /// The mean of the pixels from a corner on, at most two by two.
    fn mean_of_four(&self, [top, left]: [usize; 2], channel: usize) -> f64 {
        let [height, width, _] = self.sides;
        let rows = top..(top + 2).min(height);
        let columns = left..(left + 2).min(width);
        let count = rows.len() * columns.len();
        let pixels = rows.flat_map(|y| columns.clone().map(move |x| [y, x, channel]));
        pixels.map(|at| self.at(at)).sum::<f64>() / count as f64
    }
}

/// PyTorch's reflection of a place beyond the edge, for a border of one pixel.
fn reflected(at: isize, side: usize) -> usize {
    let last = side as isize - 1;
    let at = if at < 0 { -at } else { at };
    (if at > last { 2 * last - at } else { at }).max(0) as usize
}

fn factors(count: usize, seed: u64) -> Vec<f32> {
    numbers(count, seed)
}

const LAYERS: &[Layer] = &[
    Layer {
        name: "average pool, 2x2, stride 2, the rest of a side counted",
        output: |[height, width, channels]| [height.div_ceil(2), width.div_ceil(2), channels],
        compute: |map, _, [height, width, _], output| {
            pool::average_pool(map, PAIRS, [height, width], output);
        },
        defined: |map, [y, x, channel]| map.mean_of_four([2 * y, 2 * x], channel),
    },
    Layer {
        name: "average pool, 2x2, stride 1",
        output: |sides| sides,
        compute: |map, _, [height, width, _], output| {
            let window = Window { stride: 1, ..PAIRS };
            pool::average_pool(map, window, [height, width], output);
        },
        defined: |map, [y, x, channel]| map.mean_of_four([y, x], channel),
    },
    Layer {
        name: "average pool, 3x3, stride 2, padding not counted",
        output: |[height, width, channels]| [height.div_ceil(2), width.div_ceil(2), channels],
        compute: |map, _, [height, width, _], output| {
            let window = Window {
                side: 3,
                stride: 2,
                padding: 1,
            };
            pool::average_pool(map, window, [height, width], output);
        },
        defined: |map, [y, x, channel]| {
            let [height, width, _] = map.sides;
            let covers =
                |at: usize, side: usize| (2 * at).saturating_sub(1)..(2 * at + 2).min(side);
            let columns = covers(x, width);
            let pixels = covers(y, height).flat_map(|y| columns.clone().map(move |x| [y, x]));
            let (mut sum, mut count) = (0.0, 0.0);
            for [y, x] in pixels {
                sum += map.at([y, x, channel]);
                count += 1.0;
            }
            sum / count
        },
    },
    Layer {
        name: "blur pool",
        output: |[height, width, channels]| [height.div_ceil(2), width.div_ceil(2), channels],
        compute: |map, _, _, output| pool::blur_pool(map, output),
        defined: |map, [y, x, channel]| {
            let [height, width, _] = map.sides;
            let mut sum = 0.0;
            for (dy, of_row) in [(-1, 1.0), (0, 2.0), (1, 1.0)] {
                for (dx, of_column) in [(-1, 1.0), (0, 2.0), (1, 1.0)] {
                    let y = reflected(2 * y as isize + dy, height);
                    let x = reflected(2 * x as isize + dx, width);
                    sum += of_row * of_column / 16.0 * map.at([y, x, channel]);
                }
            }
            sum
        },
    },
    Layer {
        name: "mean",
        output: |[_, _, channels]| [1, 1, channels],
        compute: |map, _, _, output| pool::mean(map, output),
        defined: |map, [_, _, channel]| {
            map.channel(channel).sum::<f64>() / map.channel(channel).count() as f64
        },
    },
    Layer {
        name: "largest",
        output: |[_, _, channels]| [1, 1, channels],
        compute: |map, _, _, output| pool::largest(map, output),
        defined: |map, [_, _, channel]| map.channel(channel).fold(f64::NEG_INFINITY, f64::max),
    },
    Layer {
        name: "zero-padded, stride 1",
        output: |[height, width, channels]| [height, width, channels + 3],
        compute: |map, _, [height, width, _], output| {
            pool::zero_padded(map, 1, 1, [height, width], output);
        },
        defined: |map, [y, x, channel]| {
            let channel = channel.checked_sub(1).filter(|&c| c < map.sides[2]);
            channel.map_or(0.0, |channel| map.at([y, x, channel]))
        },
    },
    Layer {
        name: "zero-padded, stride 2",
        output: |[height, width, channels]| [height.div_ceil(2), width.div_ceil(2), 2 * channels],
        compute: |map, _, [height, width, channels], output| {
            pool::zero_padded(map, 2, channels / 4, [height, width], output);
        },
        defined: |map, [y, x, channel]| {
            let channels = map.sides[2];
            let channel = channel.checked_sub(channels / 2).filter(|&c| c < channels);
            channel.map_or(0.0, |channel| map.at([2 * y, 2 * x, channel]))
        },
    },
    Layer {
        name: "scale and shift",
        output: |sides| sides,
        compute: |_, numbers, [_, _, channels], output| {
            let [scale, shift] = [3, 4].map(|seed| factors(channels, seed));
            pointwise::scale_shift(numbers, &scale, &shift, false, output);
        },
        defined: |map, at @ [_, _, channel]| {
            let [scale, shift] = [3, 4].map(|seed| f64::from(factors(map.sides[2], seed)[channel]));
            map.at(at) * scale + shift
        },
    },
    Layer {
        name: "scale, shift and ReLU",
        output: |sides| sides,
        compute: |_, numbers, [_, _, channels], output| {
            let [scale, shift] = [3, 4].map(|seed| factors(channels, seed));
            pointwise::scale_shift(numbers, &scale, &shift, true, output);
        },
        defined: |map, at @ [_, _, channel]| {
            let [scale, shift] = [3, 4].map(|seed| f64::from(factors(map.sides[2], seed)[channel]));
            (map.at(at) * scale + shift).max(0.0)
        },
    },
    Layer {
        name: "gate and addition",
        output: |sides| sides,
        compute: |_, numbers, [_, _, channels], output| {
            let shortcut = factors(numbers.len(), 6);
            pointwise::gate_add(numbers, &factors(channels, 5), &shortcut, false, output);
        },
        defined: gated,
    },
    Layer {
        name: "gate, addition and ReLU",
        output: |sides| sides,
        compute: |_, numbers, [_, _, channels], output| {
            let shortcut = factors(numbers.len(), 6);
            pointwise::gate_add(numbers, &factors(channels, 5), &shortcut, true, output);
        },
        defined: |map, at| gated(map, at).max(0.0),
    },
    Layer {
        name: "ReLU",
        output: |sides| sides,
        compute: |_, numbers, _, output| pointwise::relu(numbers, output),
        defined: |map, at| map.at(at).max(0.0),
    },
    Layer {
        name: "sigmoid",
        output: |sides| sides,
        compute: |_, numbers, _, output| {
            output.copy_from_slice(numbers);
            attention::sigmoid(output);
        },
        defined: |map, at| 1.0 / (1.0 + (-map.at(at)).exp()),
    },
    Layer {
        name: "a convolution over the channels, of five",
        output: |[_, _, channels]| [1, 1, channels],
        compute: |_, numbers, [_, _, channels], output| {
            attention::convolve_channels(&numbers[..channels], &factors(5, 7), output);
        },
        defined: |map, [_, _, channel]| {
            let kernel = factors(5, 7);
            let seen = (0..5).filter_map(|k| Some((k, (channel + k).checked_sub(2)?)));
            let inside = seen.filter(|&(_, at)| at < map.sides[2]);
            inside
                .map(|(k, at)| f64::from(kernel[k]) * map.at([0, 0, at]))
                .sum()
        },
    },
    Layer {
        name: "a linear layer of three outputs and ReLU",
        output: |_| [1, 1, 3],
        compute: |_, numbers, _, output| {
            let inputs = numbers.len();
            let packed = pack(&factors(3 * inputs, 8), 3, inputs);
            linear(numbers, inputs, &packed, &factors(3, 9), true, output);
        },
        defined: |map, [_, _, output]| {
            let inputs = map.numbers.len();
            let weights = factors(3 * inputs, 8);
            let row = &weights[output * inputs..][..inputs];
            let products = row.iter().zip(map.numbers);
            let sum: f64 = products.map(|(&w, &x)| f64::from(w) * f64::from(x)).sum();
            (sum + f64::from(factors(3, 9)[output])).max(0.0)
        },
    },
];

const PAIRS: Window = Window {
    side: 2,
    stride: 2,
    padding: 0,
};

fn gated(map: &Map<'_>, at: Sides) -> f64 {
    let [y, x, channel] = at;
    let [_, width, channels] = map.sides;
    let shortcut = factors(map.numbers.len(), 6)[(y * width + x) * channels + channel];
    map.at(at) * f64::from(factors(channels, 5)[channel]) + f64::from(shortcut)
}

#[test]
fn layers_are_what_the_definition_says_on_any_number_of_threads() {
    let mut faults = Vec::new();
    for layer in LAYERS {
        for &sides in MAPS {
            let size = sides.iter().product();
            if cfg!(miri) && size > MOST_UNDER_MIRI / 4 {
                continue;
            }
            let numbers = numbers(size, 1);
            let map = Map {
                numbers: &numbers,
                sides,
            };
            let output @ [height, width, channels] = (layer.output)(sides);
            let places = (0..height * width * channels).map(|place| {
                let pixel = place / channels;
                [pixel / width, pixel % width, place % channels]
            });
            // Definitions make their factors anew, so of large maps every seventh number is compared.
            let places: Vec<_> = places
                .enumerate()
                .step_by(if size > 1000 { 97 } else { 1 })
                .collect();
            let expected: Vec<_> = places
                .iter()
                .map(|&(_, at)| (layer.defined)(&map, at))
                .collect();
            let largest = expected
                .iter()
                .fold(1e-6, |max: f64, value| max.max(value.abs()));
            for &threads in THREADS {
                // What was there before is of no account.
                let mut found = vec![f32::NAN; height * width * channels];
                on_threads(threads, || {
                    let map = FeatureMap::new(&numbers, sides);
                    (layer.compute)(map, &numbers, output, &mut found);
                });
                let off = |(&(place, _), expected): (&(usize, Sides), &f64)| {
                    (f64::from(found[place]) - expected).abs() / largest
                };
                let worst = places.iter().zip(&expected).map(off);
                let worst = worst.fold(0.0, |max, off| if off <= max { max } else { off });
                if worst > TOLERANCE || worst.is_nan() {
                    let name = layer.name;
                    faults.push(format!(
                        "{name}, {threads} threads, {sides:?}: {worst} of the largest off"
                    ));
                }
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn a_nan_is_never_lost() {
    let map = |sides: Sides| {
        let mut numbers = numbers(sides.iter().product(), 1);
        numbers[sides[2] / 2] = f32::NAN;
        numbers
    };
    let mut lost = Vec::new();
    for layer in LAYERS {
        for sides in [[2, 2, 3], [2, 2, 8]] {
            let numbers = map(sides);
            let output = (layer.output)(sides);
            let mut found = vec![0.0; output.iter().product()];
            (layer.compute)(
                FeatureMap::new(&numbers, sides),
                &numbers,
                output,
                &mut found,
            );
            if !found.iter().any(|value| value.is_nan()) {
                lost.push(format!("{}, {sides:?}", layer.name));
            }
        }
    }
    assert_eq!(lost, Vec::<String>::new());
}

#[test]
fn what_does_not_fit_panics() {
    let numbers = [1.0; 24];
    let map = FeatureMap::new(&numbers, [2, 3, 4]);
    let empty = FeatureMap::new(&[], [0, 3, 4]);
    let output = |size: usize| vec![0.0; size];
    let cases: &[(&str, &dyn Fn())] = &[
        ("an average pool's output that is too long", &|| {
            pool::average_pool(map, PAIRS, [1, 2], &mut output(12));
        }),
        ("an average pool's window beyond the map", &|| {
            pool::average_pool(map, PAIRS, [2, 2], &mut output(16));
        }),
        ("a blur pool's output that is too short", &|| {
            pool::blur_pool(map, &mut output(4));
        }),
        ("means of other channels", &|| {
            pool::mean(map, &mut output(3))
        }),
        ("means of no pixel", &|| pool::mean(empty, &mut output(4))),
        ("maxima of no pixel", &|| {
            pool::largest(empty, &mut output(4))
        }),
        ("pixels beyond the map", &|| {
            pool::zero_padded(map, 2, 0, [2, 2], &mut output(16));
        }),
        ("channels beyond the output", &|| {
            pool::zero_padded(map, 1, 3, [2, 3], &mut output(36));
        }),
        ("an output of no pixel", &|| {
            pool::zero_padded(map, 1, 0, [0, 3], &mut output(0));
        }),
        ("a scaled map of another size", &|| {
            pointwise::scale_shift(&numbers, &[1.0; 4], &[1.0; 4], false, &mut output(20));
        }),
        ("shifts of other channels", &|| {
            pointwise::scale_shift(&numbers, &[1.0; 4], &[1.0; 3], false, &mut output(24));
        }),
        ("half a pixel", &|| {
            pointwise::scale_shift(&numbers, &[1.0; 5], &[1.0; 5], false, &mut output(24));
        }),
        ("no channels", &|| {
            pointwise::scale_shift(&numbers, &[], &[], false, &mut output(24));
        }),
        ("a shortcut of another size", &|| {
            pointwise::gate_add(&numbers, &[1.0; 4], &[1.0; 20], true, &mut output(24));
        }),
        ("a ReLU's output that is too short", &|| {
            pointwise::relu(&numbers, &mut output(23));
        }),
        ("more outputs than means", &|| {
            attention::convolve_channels(&[1.0; 3], &[1.0; 3], &mut output(4));
        }),
    ];
    let panics = |work: &dyn Fn()| catch_unwind(AssertUnwindSafe(work)).is_err();
    let passed: Vec<_> = cases
        .iter()
        .filter(|(_, work)| !panics(work))
        .map(|(what, _)| *what)
        .collect();
    assert_eq!(passed, Vec::<&str>::new(), "went through");
}
