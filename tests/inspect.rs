//! Inspection against statistics computed directly.

#![allow(clippy::unwrap_used)]

mod support;

use burn::prelude::*;
use resnet_web::cpu::CpuResNet;
use resnet_web::inspect::Inspection;
use resnet_web::observe::{Observer, Output};
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::resnet::{NetworkSpec, ResNetConfig};
use resnet_web::summary::{LayerRow, Summary};
use resnet_web::weights::synthetic::{Synthetic, input};
use support::networks::{every_kind, with_every_layer};

const SHAPE: [usize; 4] = [1, 3, 64, 64];

fn inspected(config: &ResNetConfig) -> (CpuResNet, Tensor<4>, Inspection) {
    let device = Device::flex();
    let spec = NetworkSpec::new(config).unwrap();
    let network = CpuResNet::load(spec, &mut Synthetic, Arithmetic::F32).unwrap();
    let image = Tensor::from_data(TensorData::new(input(SHAPE), SHAPE), &device);
    let inspection = Inspection::of(&network, image.clone()).unwrap();
    (network, image, inspection)
}

/// Keeps every layer's numbers.
#[derive(Default)]
struct Everything(Vec<(String, Vec<usize>, Vec<f32>)>);

impl Observer for Everything {
    fn see(&mut self, layer: &str, output: Output<'_>) {
        let (shape, data) = match output {
            Output::Map(x) => (x.dims()[1..].to_vec(), x.clone().into_data()),
            Output::Vector(x) => (vec![x.dims()[1], 1, 1], x.clone().into_data()),
        };
        self.0
            .push((layer.to_owned(), shape, data.iter::<f32>().collect()));
    }
}

#[test]
fn every_layers_statistics_and_images_are_those_of_its_activations() {
    let mut faults = Vec::new();
    for (name, config) in every_kind().into_iter().chain(with_every_layer()) {
        let (network, image, inspection) = inspected(&config);
        let mut expected = Everything::default();
        network.forward_observed(image, &mut expected).unwrap();
        assert_eq!(inspection.layers().len(), expected.0.len(), "{name}");
        let layers = inspection.layers().iter().zip(&expected.0);
        for (place, (seen, (layer, shape, values))) in layers.enumerate() {
            let mut fault = |what: String| faults.push(format!("{name}, {layer}: {what}"));
            if seen.name != *layer || seen.shape != shape[..] {
                fault(format!("{} {:?}", seen.name, seen.shape));
            }
            if seen.milliseconds < 0.0 {
                fault(format!("{} ms", seen.milliseconds));
            }
            let found = &seen.statistics;
            let count = values.len() as f64;
            let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
            let variance = values
                .iter()
                .map(|&v| (f64::from(v) - mean).powi(2))
                .sum::<f64>()
                / count;
            let min = values.iter().copied().fold(f32::INFINITY, f32::min);
            let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let size = shape[1] * shape[2];
            let dead = values
                .chunks(size)
                .filter(|map| map.iter().all(|v| *v == 0.0))
                .count();
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-5 * f64::from(max.abs().max(min.abs()));
            if [found.min, found.max] != [min, max]
                || !near(found.mean, mean)
                || !near(found.deviation, variance.sqrt())
                || found.dead != dead
                || found.histogram.iter().sum::<u32>() as usize != values.len()
            {
                fault(format!("{found:?}"));
            }

            let maps = inspection.maps(place).unwrap();
            let channels = maps.channels();
            if !channels.is_sorted_by(|a, b| a.max >= b.max) || channels.len() != shape[0] {
                fault("channels out of order".to_owned());
            }
            let (from, several) = (shape[0] / 2, 3.min(shape[0] - shape[0] / 2));
            let pixels = maps.pixels(from, 3);
            let images = channels[from..][..several].iter().flat_map(|channel| {
                values[channel.index * size..][..size].iter().map(|value| {
                    let range = channel.max - channel.min;
                    if range > 0.0 {
                        ((value - channel.min) / range * 255.0).round()
                    } else {
                        0.0
                    }
                })
            });
            let same = |(found, expected): (&u8, f32)| (f32::from(*found) - expected).abs() <= 1.0;
            if pixels.len() != several * size || !pixels.iter().zip(images).all(same) {
                fault("wrong images".to_owned());
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn every_row_of_the_summary_is_seen_with_its_shape_unless_it_is_folded_into_another() {
    let mut faults = Vec::new();
    for (name, config) in every_kind().into_iter().chain(with_every_layer()) {
        let (network, _, inspection) = inspected(&config);
        let rows = Summary::of_network(network.spec(), SHAPE).unwrap().rows;
        let mut seen = inspection.layers().iter();
        let is_norm = |place: usize| {
            let row = rows.get(place);
            row.is_some_and(|row: &LayerRow| row.kind.starts_with("BatchNorm"))
        };
        let layers = |rows: &[LayerRow]| rows.iter().filter(|row| !row.container).count();
        let mut next = seen.next();
        for (place, row) in rows.iter().enumerate().filter(|(_, row)| !row.container) {
            // Containers are seen after their layers.
            let is_container =
                |name: &str| rows.iter().any(|row| row.container && row.name == name);
            while next.is_some_and(|seen| is_container(&seen.name)) {
                next = seen.next();
            }
            let is_folded = match row.kind.as_str() {
                "Conv2d" | "Linear" => is_norm(place + 1),
                "BatchNorm1d" => true,
                // The probabilities are no part of the network that runs.
                "Softmax" | "Sigmoid" => layers(&rows[place..]) == 1,
                _ => false,
            };
            match next {
                Some(layer) if layer.name == row.name => {
                    let mut shape = row.output_shape[1..].to_vec();
                    shape.resize(3, 1);
                    if layer.shape[..] != shape {
                        faults.push(format!("{name}, {}: {:?}", row.name, layer.shape));
                    }
                    next = seen.next();
                }
                _ if is_folded => {}
                found => {
                    let found = found.map(|layer| &layer.name);
                    faults.push(format!("{name}, {}: saw {found:?}", row.name));
                    break;
                }
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}
