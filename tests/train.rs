//! The burn module can be trained: feature `training`.

#![cfg(all(feature = "training", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used)]

mod support;

use std::cmp::Ordering;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::prelude::*;
use burn::tensor::Gradients;
use pollster::block_on;
use resnet_web::network::ResNet;
use resnet_web::resnet::{Depth, NetworkSpec, ResNetConfig};
use resnet_web::weights::synthetic::input;
use support::family::members;
use support::networks::every_kind;

/// Images and classes of a batch; a batch norm over a single value would have no variance.
const BATCH: usize = 4;
const SIDE: usize = 64;

/// Stochastic gradient descent without momentum.
struct Sgd {
    gradients: Gradients,
    rate: f64,
}

impl ModuleMapper for Sgd {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, value, mapper) = param.consume();
        let value = match value.grad(&self.gradients) {
            Some(gradient) => {
                let value = value.inner() - gradient * self.rate;
                value.autodiff().require_grad()
            }
            // Running statistics have none.
            None => value,
        };
        Param::from_mapped_value(id, value, mapper)
    }
}

fn batch(classes: usize, side: usize, device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let shape = [BATCH, 3, side, side];
    let images = Tensor::from_data(TensorData::new(input(shape), shape), device);
    let targets: Vec<_> = (0..BATCH).map(|n| (n % classes) as i64).collect();
    let targets = Tensor::from_data(TensorData::new(targets, [BATCH]), device);
    (images, targets)
}

fn loss(network: &ResNet, images: &Tensor<4>, targets: &Tensor<1, Int>) -> Tensor<1> {
    let logits = network.forward(images.clone()).unwrap();
    let loss = CrossEntropyLossConfig::new().init(&logits.device());
    loss.forward(logits, targets.clone())
}

/// Networks of every kind that ends in several logits; the cross-entropy of a single one is always zero.
fn networks() -> Vec<(&'static str, ResNetConfig)> {
    let resnext = ResNetConfig {
        repetitions: vec![1, 1, 1, 1],
        groups: 32,
        width_per_group: 4,
        ..ResNetConfig::torchvision(Depth::D50, 10)
    };
    let several = every_kind()
        .into_iter()
        .filter(|(_, config)| config.classes > 1);
    several.chain([("ResNeXt", resnext)]).collect()
}

#[test]
fn a_step_of_gradient_descent_lowers_the_loss() {
    let device = Device::flex().autodiff();
    device.seed(1);
    let mut report = Vec::new();
    let usual = networks().into_iter();
    let usual = usual.map(|(name, config)| (name.to_owned(), config, SIDE));
    let family = block_on(members()).into_iter();
    let family = family.filter(|member| member.config.classes > 1);
    let family = family.map(|member| (member.case, member.config, member.input_shape[3]));
    for (name, config, side) in usual.chain(family) {
        let (images, targets) = batch(config.classes, side, &device);
        let network = ResNet::init(NetworkSpec::new(&config).unwrap(), &device);
        let before = loss(&network, &images, &targets);
        let gradients = before.backward();
        let network = network.map(&mut Sgd {
            gradients,
            rate: 1e-3,
        });
        let after: f32 = loss(&network, &images, &targets).into_scalar();
        let before: f32 = before.into_scalar();
        // NaN is not lower either.
        if after.partial_cmp(&before) != Some(Ordering::Less) {
            report.push(format!("{name}: {after} is not less than {before}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

/// A line for each parameter that is not distributed as torchvision's ResNets begin.
#[derive(Default)]
struct Distributions(Vec<String>);

impl ModuleVisitor for Distributions {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val().into_data();
        let values: Vec<f64> = values.iter::<f64>().collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|value| (value - mean).powi(2));
        let std = (squares.sum::<f64>() / count).sqrt();
        let largest = values.iter().fold(0.0_f64, |max, v| max.max(v.abs()));
        let shape = param.dims();
        let fits = match shape[..] {
            // kaiming_normal_(mode="fan_out", nonlinearity="relu")
            [outputs, _, height, width] => {
                let expected = (2.0 / (outputs * height * width) as f64).sqrt();
                (std / expected - 1.0).abs() < 0.05 && mean.abs() < 0.05 * expected
            }
            // nn.Linear: uniform, [in, out] in burn
            [inputs, _] => {
                let most = 1.0 / (inputs as f64).sqrt();
                (std / (most / 3.0_f64.sqrt()) - 1.0).abs() < 0.05 && largest <= most
            }
            // Of batch norm all ones, or zeros; of a convolution or the linear layer within 1 / sqrt(fan in).
            _ => (std == 0.0 && (mean == 0.0 || mean == 1.0)) || largest <= 0.125,
        };
        if !fits {
            self.0.push(format!(
                "{shape:?}: mean {mean}, standard deviation {std}, largest {largest}"
            ));
        }
    }
}

#[test]
fn training_begins_as_in_torchvision() {
    let device = Device::flex();
    let mut report = Vec::new();
    for (name, config) in networks() {
        let network = ResNet::init(NetworkSpec::new(&config).unwrap(), &device);
        let mut found = Distributions::default();
        network.visit(&mut found);
        report.extend(found.0.into_iter().map(|line| format!("{name}, {line}")));
    }
    assert_eq!(report, Vec::<String>::new());
}
