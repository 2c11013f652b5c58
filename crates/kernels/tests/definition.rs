//! Every kernel against the definition, one sum at a time in f64, on one thread and on several.
//!
//! Under Miri, where a multiplication takes microseconds, of each table those cases that are small.

#![forbid(unsafe_code)]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use resnet_web_kernels::gemm::Epilogue;
use resnet_web_kernels::packing::{pack, padded};
use resnet_web_kernels::winograd::{self, Tiling};
use resnet_web_kernels::{FeatureMap, Window, direct, grouped, pool, quantise};
use support::{MOST_UNDER_MIRI, THREADS, numbers, on_threads};

/// How far a number may be off, as a part of the largest.
const TOLERANCE: f64 = 1e-4;

/// A convolution of one map with square kernels.
#[derive(Debug, Clone, Copy)]
struct Case {
    inputs: usize,
    outputs: usize,
    groups: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    height: usize,
    width: usize,
}

/// `(inputs, outputs), (kernel, stride, padding), (height, width)`
type Row = ((usize, usize), (usize, usize, usize), (usize, usize));

/// Every kind of convolution that ResNets have, and odd ones.
#[rustfmt::skip]
const CONVOLUTIONS: &[Row] = &[
    // 3x3, stride 1, also by Winograd: tiles whole and cut, in several blocks, of one pixel.
    ((32, 32), (3, 1, 1), (15, 17)),
    ((64, 64), (3, 1, 1), (7, 7)),
    ((4, 8), (3, 1, 1), (5, 9)),
    ((4, 8), (3, 1, 1), (1, 3)),
    ((8, 24), (3, 1, 1), (1, 1)),
    ((16, 8), (3, 1, 1), (2, 3)),
    ((16, 256), (3, 1, 1), (7, 5)),
    // Enough weights for several groups of panels, and for blocks that the threads share.
    ((512, 40), (3, 1, 1), (10, 12)),
    ((2048, 40), (1, 1, 0), (3, 5)),
    // Channels that fill no register or panel.
    ((1, 1), (3, 1, 1), (6, 6)),
    ((5, 7), (3, 1, 1), (4, 4)),
    ((16, 10), (1, 1, 0), (3, 3)),
    // The stem.
    ((3, 64), (7, 2, 3), (17, 15)),
    ((3, 8), (7, 2, 3), (5, 4)),
    // Strides.
    ((32, 72), (3, 2, 1), (15, 9)),
    ((64, 72), (1, 2, 0), (8, 7)),
    ((16, 8), (1, 2, 0), (3, 5)),
    // No padding, more padding than needed; a remainder of pixels of every length.
    ((8, 8), (3, 1, 0), (6, 6)),
    ((8, 8), (3, 1, 2), (3, 3)),
    ((8, 8), (5, 3, 2), (11, 7)),
    ((16, 8), (1, 1, 0), (1, 1)),
    ((16, 8), (1, 1, 0), (1, 2)),
    ((16, 8), (1, 1, 0), (1, 3)),
    ((16, 8), (1, 1, 0), (1, 4)),
    ((16, 8), (1, 1, 0), (1, 5)),
    ((16, 8), (1, 1, 0), (1, 11)),
];

/// `(groups, inputs of a group, outputs of a group), (kernel, stride, padding), (height, width)`
type GroupedRow = ((usize, usize, usize), (usize, usize, usize), (usize, usize));

/// Every kind of grouped convolution that ResNeXts have, and odd ones.
#[rustfmt::skip]
const GROUPED: &[GroupedRow] = &[
    // Channels of a group as in ResNeXt, stride 1 and 2.
    ((32, 4, 4), (3, 1, 1), (9, 17)),
    ((32, 4, 4), (3, 2, 1), (9, 17)),
    ((6, 8, 8), (3, 1, 1), (7, 7)),
    ((6, 8, 8), (3, 2, 1), (14, 15)),
    ((3, 16, 16), (3, 1, 1), (8, 9)),
    ((3, 16, 16), (3, 2, 1), (8, 9)),
    ((2, 32, 32), (3, 1, 1), (7, 7)),
    ((2, 32, 32), (3, 2, 1), (14, 14)),
    ((3, 64, 64), (3, 1, 1), (4, 7)),
    ((2, 64, 64), (3, 2, 1), (7, 6)),
    ((2, 96, 72), (3, 1, 1), (3, 5)),
    // Rows in several bands, the last one shorter.
    ((8, 4, 4), (3, 1, 1), (61, 35)),
    ((8, 4, 4), (3, 2, 1), (61, 35)),
    ((2, 128, 4), (3, 1, 1), (5, 60)),
    ((2, 16, 4), (5, 1, 2), (9, 19)),
    // Maps of one pixel, one row or one column.
    ((2, 4, 4), (3, 1, 1), (1, 1)),
    ((2, 4, 4), (3, 2, 1), (1, 1)),
    ((2, 4, 4), (3, 1, 1), (1, 9)),
    ((2, 4, 4), (3, 2, 1), (9, 1)),
    ((2, 4, 4), (3, 2, 1), (2, 2)),
    // Channels that fill no vector, or more than one; other channels out than in.
    ((7, 1, 1), (3, 1, 1), (5, 9)),
    ((8, 1, 1), (3, 2, 1), (5, 9)),
    ((5, 2, 2), (3, 1, 1), (4, 8)),
    ((3, 3, 3), (3, 2, 1), (6, 6)),
    ((4, 5, 5), (3, 1, 1), (6, 6)),
    ((2, 12, 12), (3, 1, 1), (5, 5)),
    ((4, 1, 4), (3, 1, 1), (5, 5)),
    ((2, 4, 12), (3, 1, 1), (5, 5)),
    ((3, 8, 5), (3, 2, 1), (5, 5)),
    ((2, 12, 1), (3, 1, 1), (4, 5)),
    // Other kernels, strides and paddings.
    ((2, 4, 4), (1, 1, 0), (3, 9)),
    ((4, 4, 8), (1, 2, 0), (7, 6)),
    ((2, 8, 4), (1, 3, 0), (7, 17)),
    ((2, 4, 4), (1, 1, 1), (3, 3)),
    ((2, 4, 4), (3, 1, 0), (5, 12)),
    ((2, 4, 4), (3, 1, 2), (3, 3)),
    ((2, 4, 4), (3, 3, 1), (8, 11)),
    ((2, 4, 4), (3, 1, 4), (1, 1)),
    ((3, 3, 2), (2, 2, 0), (6, 7)),
    ((2, 4, 4), (5, 2, 2), (7, 8)),
    ((2, 2, 2), (7, 2, 3), (9, 6)),
    // One group.
    ((1, 8, 8), (3, 1, 1), (4, 4)),
];

/// What a case is computed of.
struct Numbers {
    /// `[height, width, inputs]`
    map: Vec<f32>,
    /// `[outputs, inputs of a group, kernel, kernel]`
    weight: Vec<f32>,
    /// As many as outputs, padded to whole panels.
    bias: Vec<f32>,
    /// `[height, width, outputs]` of the output.
    residual: Vec<f32>,
}

#[test]
fn convolutions_are_what_the_definition_says_on_any_number_of_threads() {
    let faults = cases(whole()).flat_map(|case| {
        let numbers = case.numbers();
        let sums = case.sums(&numbers);
        let [inputs, outputs] = [case.inputs, case.outputs];
        let map = case.map(&numbers);
        let packed = pack(&numbers.weight, outputs, inputs);
        let direct = |epilogue: Epilogue<'_>, output: &mut [f32]| {
            direct::convolve(map, case.window(), &packed, outputs, epilogue, output);
        };
        let mut faults = case.faults("direct", THREADS, &numbers, &sums, direct);
        if case.is_for_winograd() {
            for tiling in [Tiling::Two, Tiling::Four] {
                let packed = winograd::pack_kernel(tiling, &numbers.weight, inputs, outputs);
                let convolve = |epilogue: Epilogue<'_>, output: &mut [f32]| {
                    winograd::convolve(tiling, map, &packed, outputs, epilogue, output);
                };
                let way = format!("Winograd, {tiling:?}");
                faults.extend(case.faults(&way, THREADS, &numbers, &sums, convolve));
            }
        }
        faults
    });
    assert_eq!(faults.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn in_eight_bits_they_are_too_of_numbers_that_fit() {
    let fitting = cases(whole()).filter(|case| case.inputs.is_multiple_of(quantise::CHANNELS));
    let faults = fitting.flat_map(|case| {
        let numbers = case.whole_numbers();
        let sums = case.sums(&numbers);
        let packed = quantise::pack(&numbers.weight, case.outputs, case.inputs);
        let in_eight_bits = |epilogue: Epilogue<'_>, output: &mut [f32]| {
            let (map, outputs) = (case.map(&numbers), case.outputs);
            direct::convolve_int8(map, case.window(), &packed, outputs, epilogue, output);
        };
        case.faults("int8", THREADS, &numbers, &sums, in_eight_bits)
    });
    assert_eq!(faults.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn grouped_convolutions_are_what_the_definition_says_on_any_number_of_threads() {
    let faults = cases(in_groups()).flat_map(|case| {
        let numbers = case.numbers();
        let sums = case.sums(&numbers);
        let packed = grouped::pack(&numbers.weight, case.shape());
        case.faults("grouped", THREADS, &numbers, &sums, |epilogue, output| {
            grouped::convolve(case.map(&numbers), case.shape(), &packed, epilogue, output);
        })
    });
    assert_eq!(faults.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn grouped_in_eight_bits_they_are_too_of_numbers_that_fit() {
    let fitting = cases(in_groups()).filter(|case| case.shape().fits_int8());
    let faults = fitting.flat_map(|case| {
        let numbers = case.whole_numbers();
        let sums = case.sums(&numbers);
        let packed = grouped::pack_int8(&numbers.weight, case.shape());
        case.faults("int8", THREADS, &numbers, &sums, |epilogue, output| {
            let map = case.map(&numbers);
            grouped::convolve_int8(map, case.shape(), &packed, epilogue, output);
        })
    });
    assert_eq!(faults.collect::<Vec<_>>(), Vec::<String>::new());
}

/// `channels, (side, stride, padding), (height, width)`
type Pool = (usize, (usize, usize, usize), (usize, usize));

#[rustfmt::skip]
const POOLS: &[Pool] = &[
    // The stem's; odd and even sides, one pixel.
    (64, (3, 2, 1), (15, 18)),
    (8, (3, 2, 1), (7, 7)),
    (4, (3, 2, 1), (1, 1)),
    (4, (3, 2, 1), (2, 1)),
    // Channels that fill no register.
    (1, (3, 2, 1), (5, 4)),
    (23, (3, 2, 1), (6, 5)),
    // Other windows.
    (4, (2, 2, 0), (6, 7)),
    (5, (3, 1, 1), (4, 4)),
    (4, (5, 3, 2), (8, 11)),
    (4, (1, 1, 0), (2, 3)),
];

#[test]
fn max_pooling_is_what_the_definition_says_and_keeps_every_nan() {
    let mut faults = Vec::new();
    for &case in POOLS {
        let (channels, (side, stride, padding), (height, width)) = case;
        let window = Window {
            side,
            stride,
            padding,
        };
        let size = height * width * channels;
        if cfg!(miri) && size > MOST_UNDER_MIRI / 4 {
            continue;
        }
        let mut inputs = vec![
            ("numbers", numbers(size, 1)),
            ("infinities", vec![f32::NEG_INFINITY; size]),
        ];
        // A NaN at each pixel in turn, so in each place of a window.
        let pixels = if cfg!(miri) { 1 } else { height * width };
        for pixel in 0..pixels {
            let mut map = numbers(size, 2);
            map[pixel * channels..][..channels].fill(f32::NAN);
            inputs.push(("a pixel of NaN", map));
        }
        // A window more, which reaches over the end, where one has room to begin.
        let over = |side: usize| {
            let count = window.count(side);
            let has_room = count * stride < side + padding;
            count + usize::from(has_room)
        };
        let floor = [height, width].map(|side| window.count(side));
        let whole = inputs.iter().map(|input| (floor, input));
        let ceiled = inputs
            .iter()
            .take(1)
            .map(|input| ([height, width].map(over), input));
        for (output_size, (what, map)) in whole.chain(ceiled) {
            let what = *what;
            let expected = max_pool_as_defined(map, [height, width, channels], window, output_size);
            let threads = if what == "numbers" {
                THREADS
            } else {
                &THREADS[..1]
            };
            for &threads in threads {
                let mut found = vec![0.0; expected.len()];
                let map = FeatureMap::new(map, [height, width, channels]);
                on_threads(threads, || {
                    pool::max_pool(map, window, output_size, &mut found);
                });
                let equal = |(a, b): (&f32, &f32)| a == b || a.is_nan() && b.is_nan();
                if !found.iter().zip(&expected).all(equal) {
                    faults.push(format!("{what}, {threads} threads, {case:?}"));
                }
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

/// The largest of each window, or NaN if there is one in it: what PyTorch's `max_pool2d` calculates.
fn max_pool_as_defined(
    map: &[f32],
    sides: [usize; 3],
    window: Window,
    [windows_down, windows_across]: [usize; 2],
) -> Vec<f32> {
    let [height, width, channels] = sides;
    let covers = |at: usize, side: usize| {
        let first = at * window.stride;
        (first..first + window.side)
            .filter_map(|at| at.checked_sub(window.padding))
            .filter(move |&at| at < side)
    };
    let mut output = Vec::new();
    for y in 0..windows_down {
        for x in 0..windows_across {
            for channel in 0..channels {
                let mut largest = f32::NEG_INFINITY;
                for y in covers(y, height) {
                    for x in covers(x, width) {
                        let value = map[(y * width + x) * channels + channel];
                        if value > largest || value.is_nan() {
                            largest = value;
                        }
                    }
                }
                output.push(largest);
            }
        }
    }
    output
}

#[test]
fn what_does_not_fit_panics() {
    let bias = [0.0; 32];
    let convolve =
        |[height, width]: [usize; 2], [inputs, outputs]: [usize; 2], sizes: [usize; 3]| {
            let [data, packed, output] = sizes.map(|size| vec![1.0; size]);
            let map = FeatureMap::new(&data, [height, width, inputs]);
            let mut output = output;
            winograd::convolve(
                Tiling::Two,
                map,
                &packed,
                outputs,
                epilogue(&bias),
                &mut output,
            );
        };
    convolve([2, 3], [4, 8], [24, 512, 48]);
    let in_groups = |int8: bool, [inputs, outputs, groups]: [usize; 3], sizes: [usize; 3]| {
        let [data, packed, output] = sizes.map(|size| vec![1.0; size]);
        let window = Window {
            side: 3,
            stride: 1,
            padding: 1,
        };
        let shape = grouped::Shape {
            inputs,
            outputs,
            groups,
            window,
        };
        let map = FeatureMap::new(&data, [2, 3, data.len() / 6]);
        let mut output = output;
        let convolve = if int8 {
            grouped::convolve_int8
        } else {
            grouped::convolve
        };
        convolve(map, shape, &packed, epilogue(&bias), &mut output);
    };
    in_groups(false, [8, 8, 2], [48, 288, 48]);
    in_groups(true, [8, 8, 2], [48, 88, 48]);
    let cases: &[(&str, &dyn Fn())] = &[
        ("a map that is too short", &|| {
            convolve([2, 3], [4, 8], [23, 512, 48]);
        }),
        ("a convolution's output that is too short", &|| {
            convolve([2, 3], [4, 8], [24, 512, 47]);
        }),
        ("weights that are too short", &|| {
            convolve([2, 3], [4, 8], [24, 511, 48]);
        }),
        ("input channels that fill no register", &|| {
            convolve([2, 3], [3, 8], [18, 384, 48]);
        }),
        ("output channels that fill no register", &|| {
            convolve([2, 3], [4, 6], [24, 512, 36]);
        }),
        ("a grouped convolution's output that is too short", &|| {
            in_groups(false, [8, 8, 2], [48, 288, 47]);
        }),
        ("weights of groups that are too short", &|| {
            in_groups(false, [8, 8, 2], [48, 287, 48]);
        }),
        ("a map with fewer channels than the groups", &|| {
            in_groups(false, [8, 8, 2], [42, 288, 48]);
        }),
        ("inputs that are no multiple of the groups", &|| {
            in_groups(false, [9, 8, 2], [54, 288, 48]);
        }),
        ("outputs that are no multiple of the groups", &|| {
            in_groups(false, [8, 9, 2], [48, 288, 54]);
        }),
        ("more output channels than biases", &|| {
            in_groups(false, [8, 40, 2], [48, 1440, 240]);
        }),
        ("no groups", &|| in_groups(false, [8, 8, 0], [48, 288, 48])),
        ("groups of six in eight bits", &|| {
            in_groups(true, [12, 8, 2], [72, 160, 48]);
        }),
        ("sides whose product is no number", &|| {
            convolve([usize::MAX / 2, 2], [4, 8], [24, 512, 48]);
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

/// The cases of a table, under Miri those that are small.
fn cases(table: impl Iterator<Item = Case>) -> impl Iterator<Item = Case> {
    table.filter(|case| !cfg!(miri) || case.multiplications() <= MOST_UNDER_MIRI)
}

fn whole() -> impl Iterator<Item = Case> {
    CONVOLUTIONS.iter().map(
        |&((inputs, outputs), (kernel, stride, padding), (height, width))| Case {
            inputs,
            outputs,
            groups: 1,
            kernel,
            stride,
            padding,
            height,
            width,
        },
    )
}

fn in_groups() -> impl Iterator<Item = Case> {
    GROUPED.iter().map(
        |&((groups, inputs, outputs), (kernel, stride, padding), (height, width))| Case {
            inputs: groups * inputs,
            outputs: groups * outputs,
            groups,
            kernel,
            stride,
            padding,
            height,
            width,
        },
    )
}

impl Case {
    /// A line for each epilogue, then for each number of threads, with which `compute` gives other numbers than the
    /// definition.
    fn faults(
        &self,
        way: &str,
        threads: &[usize],
        numbers: &Numbers,
        sums: &[f64],
        compute: impl Fn(Epilogue<'_>, &mut [f32]),
    ) -> Vec<String> {
        let mut faults = Vec::new();
        for &(adds, relu, threads) in &[
            (true, true, threads),
            (true, false, &threads[..1]),
            (false, true, &threads[..1]),
            (false, false, &threads[..1]),
        ][..if cfg!(miri) { 1 } else { 4 }]
        {
            let expected = sums.iter().zip(&numbers.residual).map(|(sum, &residual)| {
                let sum = sum + if adds { f64::from(residual) } else { 0.0 };
                if relu { sum.max(0.0) } else { sum }
            });
            let expected: Vec<_> = expected.collect();
            let largest = expected
                .iter()
                .fold(1e-6, |max: f64, sum| max.max(sum.abs()));
            let epilogue = Epilogue {
                bias: &numbers.bias,
                residual: adds.then_some(numbers.residual.as_slice()),
                relu,
            };
            for &threads in threads {
                // What was there before is of no account.
                let mut found = vec![f32::NAN; expected.len()];
                on_threads(threads, || compute(epilogue, &mut found));
                let worst = found
                    .iter()
                    .zip(&expected)
                    .map(|(&found, expected)| (f64::from(found) - expected).abs() / largest)
                    .fold(0.0, |max, off| if off <= max { max } else { off });
                if worst > TOLERANCE || worst.is_nan() {
                    faults.push(format!(
                        "{way}, {threads} threads, residual {adds}, ReLU {relu}, {self:?}: {worst} of the largest off"
                    ));
                }
            }
        }
        faults
    }

    /// Height and width of the output.
    fn output(&self) -> [usize; 2] {
        [self.height, self.width]
            .map(|side| (side + 2 * self.padding - self.kernel) / self.stride + 1)
    }

    fn multiplications(&self) -> usize {
        let [height, width] = self.output();
        height * width * self.outputs * self.volume()
    }

    /// Weights of one output.
    fn volume(&self) -> usize {
        self.inputs / self.groups * self.kernel * self.kernel
    }

    fn is_for_winograd(&self) -> bool {
        [self.kernel, self.stride, self.padding] == [3, 1, 1]
            && winograd::fits(self.inputs, self.outputs)
    }

    fn numbers(&self) -> Numbers {
        let [height, width] = self.output();
        Numbers {
            map: numbers(self.height * self.width * self.inputs, 1),
            weight: numbers(self.outputs * self.volume(), 2),
            bias: self.bias(),
            residual: numbers(height * width * self.outputs, 4),
        }
    }

    /// Numbers that lose nothing in eight bits: whole ones, those of each pixel and group from -10 to 117, each output channel's weights to
    /// 127.
    fn whole_numbers(&self) -> Numbers {
        let mut all = self.numbers();
        for (i, number) in all.map.iter_mut().enumerate() {
            *number = match i % (self.inputs / self.groups) {
                0 => -10.0,
                1 => 117.0,
                _ => (53.5 + 63.0 * *number).round(),
            };
        }
        let volume = self.volume();
        for (i, weight) in all.weight.iter_mut().enumerate() {
            *weight = if i % volume == 0 {
                -127.0
            } else {
                (126.0 * *weight).round()
            };
        }
        all
    }

    fn bias(&self) -> Vec<f32> {
        let mut bias = numbers(self.outputs, 3);
        bias.resize(padded(self.outputs), 0.0);
        bias
    }

    /// Convolution plus bias, `[height, width, outputs]`.
    fn sums(&self, numbers: &Numbers) -> Vec<f64> {
        let [height, width] = self.output();
        let mut sums = Vec::new();
        for place in 0..height * width {
            let corner = [place / width, place % width].map(|at| at * self.stride);
            for output in 0..self.outputs {
                let mut sum = f64::from(numbers.bias[output]);
                for k in 0..self.kernel * self.kernel {
                    let at = [k / self.kernel, k % self.kernel];
                    let at = [corner[0] + at[0], corner[1] + at[1]]
                        .map(|at| at.checked_sub(self.padding));
                    let [Some(y), Some(x)] = at else { continue };
                    if y >= self.height || x >= self.width {
                        continue;
                    }
                    let inputs = self.inputs / self.groups;
                    let first = output / (self.outputs / self.groups) * inputs;
                    for input in 0..inputs {
                        let kernel = output * inputs + input;
                        let weight = numbers.weight[kernel * self.kernel * self.kernel + k];
                        let number =
                            numbers.map[(y * self.width + x) * self.inputs + first + input];
                        sum += f64::from(number) * f64::from(weight);
                    }
                }
                sums.push(sum);
            }
        }
        sums
    }

    fn map<'a>(&self, numbers: &'a Numbers) -> FeatureMap<'a> {
        FeatureMap::new(&numbers.map, [self.height, self.width, self.inputs])
    }

    fn shape(&self) -> grouped::Shape {
        grouped::Shape {
            inputs: self.inputs,
            outputs: self.outputs,
            groups: self.groups,
            window: self.window(),
        }
    }

    fn window(&self) -> Window {
        Window {
            side: self.kernel,
            stride: self.stride,
            padding: self.padding,
        }
    }
}

/// Nothing but a bias.
fn epilogue(bias: &[f32]) -> Epilogue<'_> {
    Epilogue {
        bias,
        residual: None,
        relu: false,
    }
}
