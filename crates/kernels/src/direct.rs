//! Convolutions as matrix products of rows that are read in place, in f32 and in eight bits.

use std::cell::RefCell;

use crate::gemm::{Epilogue, Product, Rows};
use crate::map::{FeatureMap, Window};
use crate::packing::pad;
use crate::quantise::{self, QuantParams};

/// Buffers that are kept from call to call.
#[derive(Default)]
struct Scratch {
    /// The map with a border, quantised or not.
    padded: Vec<f32>,
    starts: Vec<usize>,
    params: Vec<QuantParams>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Convolves one map with zero padding into `output`, `[height, width, channels]`, on all threads. `packed` is what
/// [`pack`](crate::packing::pack) returns for the weights.
///
/// ```
/// use resnet_web_kernels::gemm::Epilogue;
/// use resnet_web_kernels::packing::{pack, padded};
/// use resnet_web_kernels::{FeatureMap, Window, direct};
///
/// // A map of 2x2 pixels with one channel, and one 3x3 kernel of ones: each output is the sum of all pixels.
/// let map = FeatureMap::new(&[1.0, 2.0, 3.0, 4.0], [2, 2, 1]);
/// let window = Window { side: 3, stride: 1, padding: 1 };
/// let weights = pack(&[1.0; 9], 1, 1);
/// let epilogue = Epilogue { bias: &vec![0.5; padded(1)], residual: None, relu: false };
/// let mut output = [0.0; 4];
/// direct::convolve(map, window, &weights, 1, epilogue, &mut output);
/// assert_eq!(output, [10.5; 4]);
/// ```
///
/// # Panics
/// If the output has another size, the weights are no whole panels or have other inputs, or bias or residual are too short.
pub fn convolve(
    map: FeatureMap<'_>,
    window: Window,
    packed: &[f32],
    channels: usize,
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) {
    SCRATCH.with_borrow_mut(|Scratch { padded, starts, .. }| {
        let (data, row) = if window.padding == 0 {
            (map.data, map.width * map.channels)
        } else {
            pad(map, window.padding, padded);
            let width = map.width + 2 * window.padding;
            (padded.as_slice(), width * map.channels)
        };
        lay_out(
            starts,
            map,
            window,
            [window.stride * row, window.stride * map.channels],
        );
        let product = Product {
            rows: Rows {
                data,
                run: window.side * map.channels,
                step: row,
            },
            starts,
            packed,
            channels,
            epilogue,
            quantised: None,
        };
        product.compute(output);
    });
}

/// The same in eight bits. `packed` is what [`quantise::pack`] returns for the weights.
///
/// # Panics
/// As [`convolve`], and if the input channels are no multiple of [`quantise::CHANNELS`].
pub fn convolve_int8(
    map: FeatureMap<'_>,
    window: Window,
    packed: &[f32],
    channels: usize,
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) {
    let fits = map.channels.is_multiple_of(quantise::CHANNELS);
    assert!(fits, "input channels are no multiple of 16");
    SCRATCH.with_borrow_mut(|scratch| {
        let Scratch {
            padded,
            starts,
            params,
        } = scratch;
        let words = map.channels / quantise::WORD;
        let row = if window.side == 1 && window.padding == 0 {
            quantise::pixels(map, window.stride, padded, params);
            lay_out(
                starts,
                map,
                window,
                [window.count(map.width) * words, words],
            );
            0
        } else {
            quantise::map(map, window.padding, padded, params);
            let row = (map.width + 2 * window.padding) * words;
            lay_out(
                starts,
                map,
                window,
                [window.stride * row, window.stride * words],
            );
            row
        };
        let (packed, quantised) = quantise::unpack(packed, channels, params);
        let product = Product {
            rows: Rows {
                data: padded,
                run: window.side * words,
                step: row,
            },
            starts,
            packed,
            channels,
            epilogue,
            quantised: Some(quantised),
        };
        product.compute(output);
    });
}

/// Sets `starts` to where the input of each output pixel begins, for so many numbers from row to row and from pixel to pixel.
fn lay_out(starts: &mut Vec<usize>, map: FeatureMap<'_>, window: Window, [row, pixel]: [usize; 2]) {
    let [height, width] = [map.height, map.width].map(|side| window.count(side));
    starts.clear();
    for y in 0..height {
        starts.extend((0..width).map(|x| y * row + x * pixel));
    }
}
