//! The class activation map of a head that is more than one linear layer over a mean (Zhou et al. 2016, section 2).
//!
//! Such a head is taken as the linear function that it is for this image: a ReLU as a factor of one or zero, a largest value
//! as that of its place.
//!
//! Compiled with the crate that calls it, for speed.

use crate::resnet::Head;
use crate::weights::folded_head::Dense;

/// What each place of the last stage's map adds to a class's logit. The sum over all places is the logit without what the
/// biases add to it.
///
/// `map` is `[channels, pixels]` row by row, `layers` lead from the pooled features to the logits.
///
/// # Panics
/// If the sizes do not belong together.
#[inline]
pub fn class_map(
    kind: Head,
    layers: &[Dense],
    map: &[f32],
    pixels: usize,
    class: usize,
) -> Vec<f32> {
    let weights = of_features(layers, features(kind, map, pixels), class);
    let channels = map.len() / pixels;
    let mut places = vec![0.0; pixels];
    for (channel, values) in map.chunks_exact(pixels).enumerate() {
        let mean = |weight: f32| weight / pixels as f32;
        // The weight of each pixel but for what goes to the place of the largest value.
        let weight = match kind {
            Head::AveragePool => mean(weights[channel]),
            Head::ConcatPool => {
                let place = largest(values);
                places[place] += weights[channel] * values[place];
                mean(weights[channels + channel])
            }
            Head::Flatten { .. } => {
                let own = &weights[channel * pixels..][..pixels];
                for ((place, value), weight) in places.iter_mut().zip(values).zip(own) {
                    *place += weight * value;
                }
                continue;
            }
        };
        for (place, value) in places.iter_mut().zip(values) {
            *place += weight * value;
        }
    }
    places
}

/// What the layers read.
#[inline]
fn features(kind: Head, map: &[f32], pixels: usize) -> Vec<f32> {
    let channels = map.chunks_exact(pixels);
    let means = channels
        .clone()
        .map(|values| values.iter().sum::<f32>() / pixels as f32);
    match kind {
        Head::AveragePool => means.collect(),
        Head::ConcatPool => {
            let largest = channels.map(|values| values[largest(values)]);
            largest.chain(means).collect()
        }
        Head::Flatten { .. } => map.to_vec(),
    }
}

/// The place of the largest value, the first of several.
#[inline]
fn largest(values: &[f32]) -> usize {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best
}

/// By how much a logit grows with each feature.
#[inline]
fn of_features(layers: &[Dense], features: Vec<f32>, class: usize) -> Vec<f32> {
    let mut x = features;
    let Some((last, hidden)) = layers.split_last() else {
        return vec![0.0; x.len()];
    };
    // Whether each output of each layer but the last passes its ReLU.
    let mut open = Vec::with_capacity(hidden.len());
    for layer in hidden {
        let sum = |(row, bias): (&[f32], &f32)| {
            let products = row.iter().zip(&x).map(|(weight, x)| weight * x);
            bias + products.sum::<f32>()
        };
        let rows = layer.weight.chunks_exact(x.len()).zip(&layer.bias);
        let sums: Vec<f32> = rows.map(sum).collect();
        let passes: Vec<_> = sums.iter().map(|sum| !layer.relu || *sum > 0.0).collect();
        let outputs = sums.iter().zip(&passes);
        x = outputs
            .map(|(sum, passes)| if *passes { *sum } else { 0.0 })
            .collect();
        open.push(passes);
    }
    let mut weights = last.weight[class * x.len()..][..x.len()].to_vec();
    for (layer, open) in hidden.iter().zip(open).rev() {
        let mut before = vec![0.0; layer.weight.len() / layer.bias.len()];
        let rows = layer.weight.chunks_exact(before.len()).zip(open);
        for ((row, _), factor) in rows.zip(weights).filter(|((_, passes), _)| *passes) {
            for (before, weight) in before.iter_mut().zip(row) {
                *before += factor * weight;
            }
        }
        weights = before;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(weight: &[f32], bias: &[f32], relu: bool) -> Dense {
        Dense {
            weight: weight.to_vec(),
            bias: bias.to_vec(),
            relu,
        }
    }

    #[test]
    fn each_place_adds_what_the_head_makes_of_it_for_this_image() {
        // Two channels of three pixels.
        let map = [1.0, 4.0, 1.0, 3.0, 0.0, 0.0];
        let average = Head::AveragePool;
        let flatten = Head::Flatten { input_width: 32 };
        let one_layer = || vec![dense(&[1.0, 0.0, 2.0, -3.0], &[7.0, 7.0], false)];
        // The means are 2 and 1. The second of the three hidden values is negative.
        let two_layers = || {
            vec![
                dense(&[1.0, 1.0, -1.0, 1.0, 2.0, 0.0], &[0.5, 0.0, 0.0], true),
                dense(&[1.0, 100.0, -1.0], &[7.0], false),
            ]
        };
        // The largest values are 4 and 3.
        let of_four = vec![dense(&[10.0, 1.0, 3.0, -3.0], &[7.0], false)];
        let of_all = vec![dense(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[7.0], false)];
        let cases = [
            (
                "a mean",
                average,
                one_layer(),
                0,
                [1.0 / 3.0, 4.0 / 3.0, 1.0 / 3.0],
            ),
            (
                "another class",
                average,
                one_layer(),
                1,
                [-7.0 / 3.0, 8.0 / 3.0, 2.0 / 3.0],
            ),
            (
                "two layers",
                average,
                two_layers(),
                0,
                [2.0 / 3.0, -4.0 / 3.0, -1.0 / 3.0],
            ),
            (
                "the largest and the mean",
                Head::ConcatPool,
                of_four,
                0,
                [1.0, 44.0, 1.0],
            ),
            ("all values", flatten, of_all, 0, [13.0, 8.0, 3.0]),
            ("no layers", average, Vec::new(), 0, [0.0; 3]),
        ];
        let mut report = Vec::new();
        for (name, kind, layers, class, expected) in cases {
            let found = class_map(kind, &layers, &map, 3, class);
            let near = |(f, e): (&f32, &f32)| (f - e).abs() < 1e-6;
            if !found.iter().zip(&expected).all(near) {
                report.push(format!("{name}: {found:?} instead of {expected:?}"));
            }
        }
        assert_eq!(report, Vec::<String>::new());
    }
}
