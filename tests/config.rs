//! What networks and blocks that are built take. Which can be built is resnet-web-core's: its `tests/config.rs`.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use burn::prelude::*;
use resnet_web::cpu::{CpuBlock, CpuResNet};
use resnet_web::network::{ResNet, ResidualBlock};
use resnet_web::observe::Unobserved;
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::resnet::{BlockConfig, BlockKind, Depth, Family, NetworkSpec, ResNetConfig};
use resnet_web::weights::synthetic::Synthetic;

#[test]
fn an_average_pool_head_takes_any_size_and_batch() {
    let device = Device::flex();
    let config = ResNetConfig {
        repetitions: vec![1, 1, 1, 1],
        ..ResNetConfig::torchvision(Depth::D18, 7)
    };
    let spec = NetworkSpec::new(&config).unwrap();
    let module = ResNet::load(spec.clone(), &mut Synthetic, &device).unwrap();
    let cpu = CpuResNet::load(spec, &mut Synthetic, Arithmetic::F32).unwrap();
    for shape in [[1, 3, 1, 1], [2, 3, 33, 65], [3, 3, 64, 32]] {
        let x = Tensor::zeros(shape, &device);
        for logits in [module.forward(x.clone()), cpu.forward(x)] {
            assert_eq!(logits.unwrap().dims(), [shape[0], 7], "{shape:?}");
        }
    }
    let grey = Tensor::zeros([1, 1, 64, 64], &device);
    for refused in [module.forward(grey.clone()), cpu.forward(grey)] {
        assert!(refused.unwrap_err().to_string().contains("takes 3"));
    }
}

#[test]
fn branches_that_do_not_meet_are_an_error_as_in_pytorch() {
    let device = Device::flex();
    let block = BlockConfig {
        stride: 3,
        ..BlockConfig::new(Family::Reference, BlockKind::NoBottleneck, 8, 8)
    };
    let spec = block.spec("layer9.0").unwrap();
    let module = ResidualBlock::load(&spec, &mut Synthetic, &device).unwrap();
    let cpu = CpuBlock::load(&spec, &mut Synthetic, Arithmetic::F32).unwrap();
    // (side in, side out), or None where the 3x3 of stride 3 and the 1x1 of stride 2 give different sides.
    for (side, expected) in [
        (1, Some(1)),
        (2, Some(1)),
        (4, Some(2)),
        (7, None),
        (9, None),
    ] {
        let x = Tensor::zeros([1, 8, side, side], &device);
        for found in [
            module.forward(x.clone(), &mut Unobserved),
            cpu.forward(x, &mut Unobserved),
        ] {
            match (found, expected) {
                (Ok(y), Some(expected)) => assert_eq!(y.dims(), [1, 8, expected, expected]),
                (Err(error), None) => assert!(error.to_string().contains("layer9.0"), "{error}"),
                (found, _) => panic!("{side}: {found:?} instead of {expected:?}"),
            }
        }
    }
}
