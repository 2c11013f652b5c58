//! Class activation maps by their definition.

use burn::prelude::*;
use resnet_web::classifier::{Classification, Classifier, EvidenceFor};
use resnet_web::cpu::CpuResNet;
use resnet_web::image::{Preprocessing, preprocess};
use resnet_web::observe::{Observer, Output};
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::resnet::{NetworkSpec, ResNetConfig};
use resnet_web::weights::synthetic::Synthetic;

use super::weight_file::Draft;

/// The side of the preprocessed image, in pixels.
pub const SIDE: u32 = 64;

/// The network's weight file.
pub fn weights(config: &ResNetConfig) -> Vec<u8> {
    Draft::of("explained", config, SIDE).write()
}

/// An image of RGBA pixels that has no two equal parts.
pub fn image() -> (Vec<u8>, u32, u32) {
    let (width, height) = (90, 70);
    let rgba = (0..width * height * 4).map(|i| (i * i / 7 % 251) as u8);
    (rgba.collect(), width, height)
}

/// Keeps the last stage's map.
struct LastStage<'a> {
    name: &'a str,
    map: Option<Tensor<4>>,
}

impl Observer for LastStage<'_> {
    fn see(&mut self, layer: &str, output: Output<'_>) {
        if let (true, Output::Map(map)) = (layer == self.name, output) {
            self.map = Some(map.clone());
        }
    }
}

/// What each place of the last stage's map adds to each logit, and the logits without their biases: from an observed run, in
/// which nothing is fused, and the head run for each place with zeros at all others. What raises a single logit raises class
/// 1 and lowers class 0.
async fn defined(config: &ResNetConfig) -> (Vec<Vec<f32>>, Vec<f32>) {
    let device = Device::flex();
    let spec = NetworkSpec::new(config).unwrap();
    let network = CpuResNet::load(spec, &mut Synthetic, Arithmetic::F32).unwrap();
    let preprocessing = Preprocessing {
        resize_short_side: SIDE + 4,
        crop: SIDE,
        ..Preprocessing::default()
    };
    let (rgba, width, height) = image();
    let pixels = preprocess(&rgba, width, height, &preprocessing).unwrap();
    let shape = [1, 3, SIDE as usize, SIDE as usize];
    let mut last = LastStage {
        name: &network.spec().stages[3].name,
        map: None,
    };
    let input = Tensor::from_data(TensorData::new(pixels, shape), &device);
    let logits = network.forward_observed(input, &mut last).unwrap();
    let map = last.map.unwrap();
    let shape @ [_, _, height, width] = map.dims();
    let bias = network.head(Tensor::zeros(shape, &device));
    let mut places = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let place = [0..1, 0..shape[1], y..y + 1, x..x + 1];
            let alone = Tensor::zeros(shape, &device);
            let alone = alone.slice_assign(place.clone(), map.clone().slice(place));
            places.push(read(network.head(alone) - bias.clone()).await);
        }
    }
    let mut logits = read(logits - bias).await;
    if let [_] = logits[..] {
        for values in places.iter_mut().chain([&mut logits]) {
            values.insert(0, -values[0]);
        }
    }
    (places, logits)
}

async fn read(x: Tensor<2>) -> Vec<f32> {
    x.into_data_async().await.unwrap().iter::<f32>().collect()
}

/// A line for each class activation map of [`image`] that is wrong, for every class and for the most probable one.
/// `classifier` has the weights of `config`; `tolerance` is relative to the map's largest value.
pub async fn faults(
    name: &str,
    config: &ResNetConfig,
    classifier: &Classifier,
    tolerance: f32,
) -> Vec<String> {
    let (places, logits) = defined(config).await;
    let mut faults = Vec::new();
    let wanted = (0..logits.len()).map(EvidenceFor::Class);
    for wanted in wanted.chain([EvidenceFor::First]) {
        let (rgba, width, height) = image();
        let run = classifier.classify(&rgba, width, height, 1, Some(wanted));
        let Classification { top, evidence, .. } = run.await.unwrap();
        let evidence = evidence.unwrap();
        let class = match wanted {
            EvidenceFor::Class(class) => class,
            _ => top[0].index,
        };
        let mut fault = |what: String| faults.push(format!("{name}, {wanted:?}: {what}"));
        if (evidence.class_index, evidence.width, evidence.height) != (class, 2, 2) {
            fault(format!("{evidence:?}"));
            continue;
        }
        let expected: Vec<_> = places.iter().map(|place| place[class]).collect();
        let largest = expected.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
        let near =
            |(found, expected): (&f32, &f32)| (found - expected).abs() <= tolerance * largest;
        let found = &evidence.values;
        if found.len() != expected.len() || !found.iter().zip(&expected).all(near) {
            fault(format!("{found:?} instead of {expected:?}"));
        }
        let sum: f32 = found.iter().sum();
        if (sum - logits[class]).abs() > tolerance * largest * found.len() as f32 {
            fault(format!("{found:?} sum to {sum}, not to {}", logits[class]));
        }
        if expected.iter().all(|value| *value == expected[0]) {
            fault("the same everywhere, so any order would do".to_owned());
        }
    }
    faults
}
