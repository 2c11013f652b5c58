//! Convolutions as matrix products whose left side is read in place: in f32 and in eight bits.

use std::cell::RefCell;

use crate::gemm::{Epilogue, Product, Rows};
use crate::map::{FeatureMap, Window};
use crate::packing::pad;
use crate::quantise::{self, Step};

/// What is kept from call to call, so that later ones need no new memory.
#[derive(Default)]
struct Scratch {
    /// The map with its border, or in eight bits.
    padded: Vec<f32>,
    starts: Vec<usize>,
    steps: Vec<Step>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Convolves one map with zeros around it into `output`, `[height, width, channels]`, on as many threads as there are.
/// `packed` is what [`pack`](crate::packing::pack) makes of the weights.
///
/// # Panics
/// If the output has another size, the weights are no whole panels or for other inputs, or bias or residual are too short.
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

/// The same in eight bits. `packed` is what [`quantise::pack`] makes of the weights.
///
/// # Panics
/// As [`convolve`], and if the map's channels are no multiple of [`quantise::CHANNELS`].
pub fn convolve_int8(
    map: FeatureMap<'_>,
    window: Window,
    packed: &[f32],
    channels: usize,
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) {
    let fits = map.channels.is_multiple_of(quantise::CHANNELS);
    assert!(fits, "channels that fill no words");
    SCRATCH.with_borrow_mut(|scratch| {
        let Scratch {
            padded,
            starts,
            steps,
        } = scratch;
        let words = map.channels / quantise::WORD;
        let row = if window.side == 1 && window.padding == 0 {
            quantise::pixels(map, window.stride, padded, steps);
            lay_out(
                starts,
                map,
                window,
                [window.count(map.width) * words, words],
            );
            0
        } else {
            quantise::map(map, window.padding, padded, steps);
            let row = (map.width + 2 * window.padding) * words;
            lay_out(
                starts,
                map,
                window,
                [window.stride * row, window.stride * words],
            );
            row
        };
        let (packed, quantised) = quantise::unpack(packed, channels, steps);
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

/// Where the input of each output pixel begins, for steps from row to row and from pixel to pixel.
fn lay_out(starts: &mut Vec<usize>, map: FeatureMap<'_>, window: Window, [row, pixel]: [usize; 2]) {
    let [height, width] = [map.height, map.width].map(|side| window.count(side));
    starts.clear();
    for y in 0..height {
        starts.extend((0..width).map(|x| y * row + x * pixel));
    }
}
