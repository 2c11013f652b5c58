//! Which networks can be built and what they take; what is said of those that cannot.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use burn::prelude::*;
use resnet_web::resnet::{
    BlockConfig, BlockKind, Depth, Family, Head, NetworkSpec, NormMode, ResNet, ResNetConfig,
    ResidualBlock, StrideOn, Unobserved,
};
use resnet_web::summary::Summary;
use resnet_web::weights::synthetic::Synthetic;

const SEED: ResNetConfig = ResNetConfig::seed([2, 2, 2, 2], 64, 10, BlockKind::NoBottleneck, 3);

#[test]
fn a_configuration_that_breaks_a_rule_names_the_value_and_the_rule() {
    let torchvision = ResNetConfig::torchvision(Depth::D50, 1000);
    let flatten = |input_width| ResNetConfig {
        head: Head::Flatten { input_width },
        ..SEED
    };
    let cases: &[(ResNetConfig, &[&str])] = &[
        (
            ResNetConfig {
                repetitions: [2, 0, 2, 2],
                ..SEED
            },
            &["stage 2", "0 blocks", "at least 1"],
        ),
        (
            ResNetConfig {
                repetitions: [0, 0, 0, 0],
                ..SEED
            },
            &["stage 1", "0 blocks"],
        ),
        (
            ResNetConfig { classes: 0, ..SEED },
            &["classes is 0", "at least 1"],
        ),
        (
            ResNetConfig {
                input_channels: 0,
                ..SEED
            },
            &["input channels is 0", "at least 1"],
        ),
        (flatten(0), &["width is 0", "multiple of 32"]),
        (flatten(31), &["width is 31", "multiple of 32"]),
        (flatten(225), &["width is 225", "multiple of 32"]),
        (
            ResNetConfig {
                stride_on: StrideOn::Conv1,
                ..SEED
            },
            &["conv2", "torchvision"],
        ),
        (
            ResNetConfig {
                head: Head::AveragePool,
                ..SEED
            },
            &["flatten head"],
        ),
        (
            ResNetConfig {
                classes: 0,
                ..torchvision
            },
            &["classes is 0"],
        ),
    ];
    let mut report = Vec::new();
    for (config, words) in cases {
        match NetworkSpec::new(config) {
            Ok(_) => report.push(format!("{config:?} was accepted")),
            Err(error) => {
                let text = error.to_string();
                let missing = words.iter().filter(|word| !text.contains(**word));
                report.extend(missing.map(|word| format!("no «{word}» in: {text}")));
            }
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn an_input_of_another_shape_is_refused_with_what_was_expected() {
    let pooled = ResNetConfig {
        repetitions: [1, 1, 1, 1],
        ..ResNetConfig::torchvision(Depth::D18, 10)
    };
    let cases: &[(&ResNetConfig, [usize; 4], &[&str])] = &[
        (
            &SEED,
            [1, 3, 224, 224],
            &["224 pixels high", "exactly 64 by 64"],
        ),
        (&SEED, [1, 3, 64, 32], &["32 wide", "exactly 64 by 64"]),
        (&SEED, [1, 4, 64, 64], &["has 4 channels", "takes 3"]),
        (&SEED, [0, 3, 64, 64], &["[0, 3, 64, 64]", "at least 1"]),
        (&pooled, [1, 1, 224, 224], &["has 1 channels", "takes 3"]),
        (&pooled, [1, 3, 0, 5], &["[1, 3, 0, 5]"]),
    ];
    let mut report = Vec::new();
    for (config, shape, words) in cases {
        let spec = NetworkSpec::new(config).unwrap();
        let text = match Summary::of_network(&spec, *shape) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.to_string(),
        };
        let missing = words.iter().filter(|word| !text.contains(**word));
        report.extend(missing.map(|word| format!("{shape:?}: no «{word}» in: {text}")));
    }
    assert_eq!(report, Vec::<String>::new());
}

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

/// Family, kind, channels in, width, stride; the shortcut's stride and whether it has a bias, or the error's words.
type ShortcutCase = (
    Family,
    BlockKind,
    [usize; 3],
    Result<Option<(usize, bool)>, &'static str>,
);

#[test]
fn a_block_projects_its_input_where_its_family_does() {
    use BlockKind::{Bottleneck, NoBottleneck};
    use Family::{Seed, Torchvision};
    let cases: &[ShortcutCase] = &[
        (Seed, NoBottleneck, [64, 64, 1], Ok(None)),
        (Seed, NoBottleneck, [64, 64, 2], Ok(Some((2, true)))),
        (Seed, NoBottleneck, [64, 128, 2], Ok(Some((2, true)))),
        // Stride 2 is written out in the seed, whatever the block's is.
        (Seed, NoBottleneck, [64, 64, 3], Ok(Some((2, true)))),
        (Seed, NoBottleneck, [64, 128, 1], Err("64 channels to 128")),
        (Seed, Bottleneck, [256, 64, 1], Ok(None)),
        (Seed, Bottleneck, [64, 64, 1], Ok(Some((1, false)))),
        (Seed, Bottleneck, [256, 128, 2], Ok(Some((2, false)))),
        (Torchvision, NoBottleneck, [64, 64, 1], Ok(None)),
        (
            Torchvision,
            NoBottleneck,
            [64, 128, 1],
            Ok(Some((1, false))),
        ),
        (
            Torchvision,
            NoBottleneck,
            [64, 128, 2],
            Ok(Some((2, false))),
        ),
        (Torchvision, Bottleneck, [256, 64, 1], Ok(None)),
        (Torchvision, Bottleneck, [256, 128, 2], Ok(Some((2, false)))),
        (Seed, Bottleneck, [0, 64, 1], Err("0 input channels")),
        (Seed, Bottleneck, [64, 0, 1], Err("0 channels")),
        (Seed, Bottleneck, [64, 64, 0], Err("0 pixels of stride")),
    ];
    let mut report = Vec::new();
    for case in cases {
        let &(family, kind, [input_channels, width, stride], ref expected) = case;
        let stride_on = StrideOn::Conv2;
        let config = BlockConfig {
            family,
            kind,
            input_channels,
            width,
            stride,
            stride_on,
            groups: 1,
            width_per_group: 64,
        };
        let fits = match (config.spec(""), expected) {
            (Ok(spec), Ok(expected)) => {
                spec.shortcut
                    .map(|shortcut| (shortcut.stride, shortcut.bias))
                    == *expected
            }
            (Err(error), Err(words)) => error.to_string().contains(words),
            _ => false,
        };
        if !fits {
            report.push(format!("{case:?}: {:?}", config.spec("")));
        }
    }
    assert_eq!(report, Vec::<String>::new());
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

#[test]
fn torchvisions_networks_have_its_sizes() {
    // Parameters as torchvision's documentation lists them; multiply-adds for 224 x 224 pixels.
    let cases = [
        (Depth::D18, "ResNet-18", 11_689_512, 1_814_073_344),
        (Depth::D34, "ResNet-34", 21_797_672, 3_663_761_408),
        (Depth::D50, "ResNet-50", 25_557_032, 4_089_184_256),
        (Depth::D101, "ResNet-101", 44_549_160, 7_801_405_440),
        (Depth::D152, "ResNet-152", 60_192_808, 11_513_626_624),
    ];
    for (depth, name, parameters, multiply_adds) in cases {
        let config = ResNetConfig::torchvision(depth, 1000);
        let spec = NetworkSpec::new(&config).unwrap();
        let summary = Summary::of_network(&spec, [1, 3, 224, 224]).unwrap();
        assert_eq!(config.name(), name);
        assert_eq!(
            (summary.parameters, summary.multiply_adds),
            (parameters, multiply_adds),
            "{name}"
        );
        let in_tensors: usize = spec
            .tensors()
            .iter()
            .filter(|tensor| !tensor.name.contains("running"))
            .map(|tensor| tensor.shape.iter().product::<usize>())
            .sum();
        assert_eq!(
            in_tensors, parameters,
            "{name}: tensors and summary disagree"
        );
    }
}
