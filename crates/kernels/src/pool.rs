//! Max pooling.

use crate::map::{FeatureMap, Window};
use crate::simd::{F32x4, LANES};
use crate::threads;

/// Writes the maximum of each window, channel by channel, to `output`, `[height, width, channels]`. Padding counts as minus
/// infinity. A NaN anywhere in a window makes its maximum NaN, as in PyTorch.
///
/// ```
/// use resnet_web_kernels::{FeatureMap, Window, pool};
///
/// let map = FeatureMap::new(&[1.0, 4.0, 3.0, 2.0], [2, 2, 1]);
/// let mut output = [0.0];
/// pool::max_pool(map, Window { side: 2, stride: 2, padding: 0 }, &mut output);
/// assert_eq!(output, [4.0]);
/// ```
///
/// # Panics
/// If the output has another size, or the padding is more than half of the window, so that a window may cover no pixel.
pub fn max_pool(map: FeatureMap<'_>, window: Window, output: &mut [f32]) {
    assert!(
        window.padding <= window.side / 2,
        "a window covers no pixel"
    );
    let [height, width] = [map.height, map.width].map(|side| window.count(side));
    let line = width * map.channels;
    assert!(height * line == output.len(), "the output has another size");
    threads::each_chunk(output, line, |y, line| {
        let rows = window.covers(y, map.height);
        for (x, output) in line.chunks_exact_mut(map.channels).enumerate() {
            let columns = window.covers(x, map.width);
            output.fill(f32::NEG_INFINITY);
            for y in rows.clone() {
                for x in columns.clone() {
                    keep_larger(output, map.pixel(y, x));
                }
            }
        }
    });
}

/// `output = max(output, from)`
fn keep_larger(output: &mut [f32], from: &[f32]) {
    let whole = output.len() - output.len() % LANES;
    for i in (0..whole).step_by(LANES) {
        let larger = F32x4::load(&output[i..]).max(F32x4::load(&from[i..]));
        larger.store(&mut output[i..]);
    }
    for (kept, &value) in output[whole..].iter_mut().zip(&from[whole..]) {
        if *kept < value || value.is_nan() {
            *kept = value;
        }
    }
}
