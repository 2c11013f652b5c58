//! What networks and blocks that are built take. Which can be built is resnet-web-core's: its `tests/config.rs`.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use burn::prelude::*;
use resnet_web::network::{NormMode, ResNet, ResidualBlock, Unobserved};
use resnet_web::resnet::{BlockConfig, BlockKind, Depth, Family, ResNetConfig, StrideOn};
use resnet_web::weights::synthetic::Synthetic;

#[test]
fn an_average_pool_head_takes_any_size_and_batch() {
    let device = Device::flex();
    let config = ResNetConfig {
        repetitions: [1, 1, 1, 1],
        ..ResNetConfig::torchvision(Depth::D18, 7)
    };
    let network = ResNet::load(&config, &mut Synthetic, NormMode::Folded, &device).unwrap();
    for shape in [[1, 3, 1, 1], [2, 3, 33, 65], [3, 3, 64, 32]] {
        let logits = network.forward(Tensor::zeros(shape, &device)).unwrap();
        assert_eq!(logits.dims(), [shape[0], 7], "{shape:?}");
    }
    let refused = network.forward(Tensor::zeros([1, 1, 64, 64], &device));
    assert!(refused.unwrap_err().to_string().contains("takes 3"));
}

#[test]
fn branches_that_do_not_meet_are_an_error_as_in_pytorch() {
    let device = Device::flex();
    let block = BlockConfig {
        family: Family::Seed,
        kind: BlockKind::NoBottleneck,
        input_channels: 8,
        width: 8,
        stride: 3,
        stride_on: StrideOn::Conv2,
        groups: 1,
        width_per_group: 64,
    };
    let spec = block.spec("layer9.0").unwrap();
    let block = ResidualBlock::load(&spec, &mut Synthetic, NormMode::Folded, &device).unwrap();
    // (side in, side out), or None where the 3x3 of stride 3 and the 1x1 of stride 2 give different sides.
    for (side, expected) in [
        (1, Some(1)),
        (2, Some(1)),
        (4, Some(2)),
        (7, None),
        (9, None),
    ] {
        let found = block.forward(Tensor::zeros([1, 8, side, side], &device), &mut Unobserved);
        match (found, expected) {
            (Ok(y), Some(expected)) => assert_eq!(y.dims(), [1, 8, expected, expected]),
            (Err(error), None) => assert!(error.to_string().contains("layer9.0"), "{error}"),
            (found, _) => panic!("{side}: {found:?} instead of {expected:?}"),
        }
    }
}
