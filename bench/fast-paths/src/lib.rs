//! One convolution, computed in every way that the kernels have for it, to be timed from JavaScript.

use std::cell::RefCell;

use resnet_web_kernels::gemm::Epilogue;
use resnet_web_kernels::packing::{pack, padded};
use resnet_web_kernels::winograd::{self, Tiling, pack_kernel};
use resnet_web_kernels::{FeatureMap, Window, direct, grouped, quantise, threads};
use wasm_bindgen::prelude::*;

/// A way to compute a convolution. JavaScript names it by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    /// A matrix product whose rows are read where they are.
    Direct,
    /// The same product over windows that are copied together first.
    Im2col,
    Winograd(Tiling),
    Int8,
    /// The direct product, with residual and ReLU in a pass of their own over the output.
    Unfused,
    Grouped,
    GroupedInt8,
}

const PATHS: [Path; 8] = [
    Path::Direct,
    Path::Im2col,
    Path::Winograd(Tiling::Two),
    Path::Winograd(Tiling::Four),
    Path::Int8,
    Path::Unfused,
    Path::Grouped,
    Path::GroupedInt8,
];

/// What is convolved. All paths share it.
struct Layer {
    input: Vec<f32>,
    /// Height and width of the input.
    side: usize,
    inputs: usize,
    outputs: usize,
    groups: usize,
    window: Window,
    /// `[outputs, inputs / groups, side, side]`
    weight: Vec<f32>,
    bias: Vec<f32>,
    residual: Vec<f32>,
}

/// Numbers of all copies of a layer's weights together: 64 MiB, more than caches hold.
const COPIED: usize = 1 << 24;

/// The layer in the form that one path takes.
struct Prepared {
    path: Path,
    /// Copies of the weights, which are used in turn: in a network, too, they come from memory.
    packed: Vec<f32>,
    /// Numbers of one copy.
    size: usize,
    /// Convolutions so far.
    runs: usize,
    /// The windows of im2col.
    windows: Vec<f32>,
    output: Vec<f32>,
}

thread_local! {
    static LAYER: RefCell<Option<Layer>> = const { RefCell::new(None) };
    static PREPARED: RefCell<[Option<Prepared>; PATHS.len()]> = const { RefCell::new([const { None }; PATHS.len()]) };
}

impl Layer {
    fn shape(&self) -> grouped::Shape {
        grouped::Shape {
            inputs: self.inputs,
            outputs: self.outputs,
            groups: self.groups,
            window: self.window,
        }
    }

    /// Channels in and out of a group.
    fn group(&self) -> [usize; 2] {
        [self.inputs, self.outputs].map(|channels| channels / self.groups)
    }
}

/// Chooses the layer for all calls that follow: a square kernel, padded so that stride 1 keeps the size.
#[wasm_bindgen]
pub fn layer(
    side: usize,
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    groups: usize,
) {
    let window = Window {
        side: kernel,
        stride,
        padding: kernel / 2,
    };
    let output_side = window.count(side);
    let mut numbers = Numbers(1);
    let volume = inputs / groups * kernel * kernel;
    // The sums stay about as large as the inputs.
    let scale = (3.0 / volume as f32).sqrt();
    let layer = Layer {
        input: numbers.take(side * side * inputs, 1.0),
        side,
        inputs,
        outputs,
        groups,
        window,
        weight: numbers.take(outputs * volume, scale),
        bias: numbers.take(padded(outputs), 0.1),
        residual: numbers.take(output_side * output_side * outputs, 1.0),
    };
    LAYER.set(Some(layer));
    PREPARED.set([const { None }; PATHS.len()]);
}

/// Prepares a path for the layer. Returns whether it can compute it.
#[wasm_bindgen]
pub fn prepare(path: usize) -> bool {
    with_layer(|layer| {
        let path_of = PATHS[path];
        let [inputs, outputs] = layer.group();
        let whole = layer.groups == 1;
        let fits = match path_of {
            Path::Direct => true,
            Path::Unfused => whole,
            Path::Im2col => whole && layer.window.side > 1,
            Path::Winograd(_) => {
                layer.window
                    == Window {
                        side: 3,
                        stride: 1,
                        padding: 1,
                    }
                    && winograd::fits(inputs, outputs)
            }
            Path::Int8 => whole && inputs.is_multiple_of(quantise::CHANNELS),
            Path::Grouped => !whole,
            Path::GroupedInt8 => !whole && layer.shape().fits_int8(),
        };
        if !fits {
            return false;
        }
        // Of each group in turn.
        let kernels = layer.weight.chunks_exact(layer.weight.len() / layer.groups);
        let packed = match path_of {
            Path::Direct | Path::Im2col | Path::Unfused => kernels
                .flat_map(|weight| pack(weight, outputs, inputs))
                .collect(),
            Path::Winograd(tiling) => kernels
                .flat_map(|weight| pack_kernel(tiling, weight, inputs, outputs))
                .collect(),
            Path::Int8 => quantise::pack(&layer.weight, outputs, inputs),
            Path::Grouped => grouped::pack(&layer.weight, layer.shape()),
            Path::GroupedInt8 => grouped::pack_int8(&layer.weight, layer.shape()),
        };
        let pixels = layer.window.count(layer.side).pow(2);
        let windows = match path_of {
            Path::Im2col => vec![0.0; pixels * layer.window.side.pow(2) * layer.inputs],
            _ => Vec::new(),
        };
        let size = packed.len();
        let prepared = Prepared {
            path: path_of,
            packed: packed.repeat(COPIED.div_ceil(size)),
            size,
            runs: 0,
            windows,
            output: vec![0.0; pixels * layer.outputs],
        };
        PREPARED.with_borrow_mut(|all| all[path] = Some(prepared));
        true
    })
}

/// Computes the layer `times` times by a path that is prepared.
#[wasm_bindgen]
pub fn run(path: usize, times: usize) {
    with_layer(|layer| {
        with_prepared(path, |prepared| {
            for _ in 0..times {
                prepared.compute(layer);
            }
        });
    });
}

/// The largest difference between the outputs of a path and of the direct product, as a part of the largest output.
#[wasm_bindgen]
pub fn difference(path: usize) -> f32 {
    let output = |path| with_prepared(path, |prepared| prepared.output.clone());
    let (found, expected) = (output(path), output(0));
    let largest = expected
        .iter()
        .fold(0.0, |most: f32, value| most.max(value.abs()));
    let apart = found.iter().zip(&expected).map(|(a, b)| (a - b).abs());
    apart.fold(0.0, f32::max) / largest
}

/// Computes on so many threads from now on, the calling one included, or on as many as there are. Returns how many.
#[wasm_bindgen(js_name = setThreads)]
pub fn set_threads(count: usize) -> usize {
    threads::set_count(count);
    threads::count()
}

/// The compiled module, to be started again on the same memory.
#[wasm_bindgen(js_name = sharedModule)]
pub fn shared_module() -> JsValue {
    wasm_bindgen::module()
}

/// The memory.
#[wasm_bindgen(js_name = sharedMemory)]
pub fn shared_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// Adds the calling worker to the threads and returns its index; [`work`] has to follow.
#[wasm_bindgen]
pub fn join() -> usize {
    threads::join()
}

/// Computes as thread `index` for as long as the worker lives.
#[wasm_bindgen]
pub fn work(index: usize) {
    threads::work(index)
}

impl Prepared {
    /// `relu(convolution + bias + residual)`
    fn compute(&mut self, layer: &Layer) {
        let Self {
            path,
            windows,
            output,
            size,
            runs,
            ..
        } = self;
        let copy = *runs % (self.packed.len() / *size);
        let packed = &self.packed[copy * *size..][..*size];
        *runs += 1;
        let Layer {
            side,
            inputs,
            outputs,
            window,
            ..
        } = *layer;
        let map = FeatureMap::new(&layer.input, [side, side, inputs]);
        let fused = Epilogue {
            bias: &layer.bias,
            residual: Some(&layer.residual),
            relu: true,
        };
        match path {
            Path::Direct | Path::Winograd(_) if layer.groups > 1 => {
                each_group(layer, *path, packed, windows, output);
            }
            Path::Grouped => grouped::convolve(map, layer.shape(), packed, fused, output),
            Path::GroupedInt8 => {
                grouped::convolve_int8(map, layer.shape(), packed, fused, output);
            }
            Path::Direct => direct::convolve(map, window, packed, outputs, fused, output),
            Path::Im2col => {
                copy_windows(layer, windows);
                let pixels = window.count(side).pow(2);
                let map = FeatureMap::new(windows, [pixels, 1, window.side.pow(2) * inputs]);
                let point = Window {
                    side: 1,
                    stride: 1,
                    padding: 0,
                };
                direct::convolve(map, point, packed, outputs, fused, output);
            }
            Path::Winograd(tiling) => {
                winograd::convolve(*tiling, map, packed, outputs, fused, output);
            }
            Path::Int8 => direct::convolve_int8(map, window, packed, outputs, fused, output),
            Path::Unfused => {
                let bare = Epilogue {
                    residual: None,
                    relu: false,
                    ..fused
                };
                direct::convolve(map, window, packed, outputs, bare, output);
                for (value, residual) in output.iter_mut().zip(&layer.residual) {
                    let sum = *value + residual;
                    *value = if sum > 0.0 { sum } else { 0.0 };
                }
            }
        }
    }
}

/// Each group as a convolution of its own: its channels are copied together, convolved, and copied to their places.
fn each_group(
    layer: &Layer,
    path: Path,
    packed: &[f32],
    buffer: &mut Vec<f32>,
    output: &mut [f32],
) {
    let Layer { side, window, .. } = *layer;
    let [inputs, outputs] = layer.group();
    let (from, to) = (side * side * inputs, output.len() / layer.groups);
    buffer.resize(from + to, 0.0);
    let (from, to) = buffer.split_at_mut(from);
    for (group, packed) in packed.chunks_exact(packed.len() / layer.groups).enumerate() {
        let pixels = layer.input.chunks_exact(layer.inputs);
        for (to, pixel) in from.chunks_exact_mut(inputs).zip(pixels) {
            to.copy_from_slice(&pixel[group * inputs..][..inputs]);
        }
        let map = FeatureMap::new(from, [side, side, inputs]);
        let mut bias = layer.bias[group * outputs..][..outputs].to_vec();
        bias.resize(padded(outputs), 0.0);
        let epilogue = Epilogue {
            bias: &bias,
            residual: None,
            relu: false,
        };
        match path {
            Path::Winograd(tiling) => {
                winograd::convolve(tiling, map, packed, outputs, epilogue, to);
            }
            _ => direct::convolve(map, window, packed, outputs, epilogue, to),
        }
        let places = output.chunks_exact_mut(layer.outputs);
        let residuals = layer.residual.chunks_exact(layer.outputs);
        for ((pixel, place), residual) in to.chunks_exact(outputs).zip(places).zip(residuals) {
            let channels = group * outputs..(group + 1) * outputs;
            let sums = pixel.iter().zip(&residual[channels.clone()]);
            for (place, (sum, residual)) in place[channels].iter_mut().zip(sums) {
                *place = (sum + residual).max(0.0);
            }
        }
    }
}

/// Copies what each output sees of the input side by side: `[pixel][row of the kernel][column][channel]`.
fn copy_windows(layer: &Layer, windows: &mut [f32]) {
    let Layer {
        side,
        inputs,
        window,
        ..
    } = *layer;
    let run = window.side * inputs;
    let across = window.count(side);
    for (i, to) in windows.chunks_exact_mut(run).enumerate() {
        let (pixel, row) = (i / window.side, i % window.side);
        let [y, x] = [pixel / across, pixel % across].map(|at| at * window.stride);
        let line = (y + row)
            .checked_sub(window.padding)
            .filter(|&line| line < side);
        let Some(line) = line else {
            to.fill(0.0);
            continue;
        };
        let first = x.saturating_sub(window.padding);
        let last = (x + window.side - window.padding).min(side);
        let before = (first + window.padding - x) * inputs;
        let length = (last - first) * inputs;
        to[..before].fill(0.0);
        to[before..before + length]
            .copy_from_slice(&layer.input[(line * side + first) * inputs..][..length]);
        to[before + length..].fill(0.0);
    }
}

fn with_layer<T>(work: impl FnOnce(&Layer) -> T) -> T {
    LAYER.with_borrow(|layer| work(layer.as_ref().expect("a layer was chosen")))
}

fn with_prepared<T>(path: usize, work: impl FnOnce(&mut Prepared) -> T) -> T {
    PREPARED.with_borrow_mut(|all| work(all[path].as_mut().expect("the path was prepared")))
}

/// Numbers that look random, from -1 to 1 (xorshift32).
struct Numbers(u32);

impl Numbers {
    fn take(&mut self, count: usize, scale: f32) -> Vec<f32> {
        let next = || {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 17;
            self.0 ^= self.0 << 5;
            (self.0 as f32 / (u32::MAX / 2) as f32 - 1.0) * scale
        };
        std::iter::repeat_with(next).take(count).collect()
    }
}
