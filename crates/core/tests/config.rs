//! Which networks can be built and how large they are; what is said of those that cannot.

#![allow(clippy::unwrap_used)]

use resnet_web_core::resnet::{
    AntiAliasing, Attention, BlockConfig, BlockKind, Depth, Family, Head, HeadLayer, NetworkSpec,
    ResNetConfig, ShortcutKind, Stem, StemConvolutions, StemPool, StrideOn,
};
use resnet_web_core::summary::Summary;

fn reference() -> ResNetConfig {
    ResNetConfig::reference([2, 2, 2, 2], 64, 10, BlockKind::NoBottleneck, 3)
}

#[test]
fn a_configuration_that_breaks_a_rule_names_the_value_and_the_rule() {
    let torchvision = || ResNetConfig::torchvision(Depth::D50, 1000);
    let flatten = |input_width| ResNetConfig {
        head: Head::Flatten { input_width },
        ..reference()
    };
    let cases: &[(ResNetConfig, &[&str])] = &[
        (
            ResNetConfig {
                repetitions: vec![2, 0, 2, 2],
                ..reference()
            },
            &["stage 2", "0 blocks", "at least 1"],
        ),
        (
            ResNetConfig {
                repetitions: vec![0, 0, 0, 0],
                ..reference()
            },
            &["stage 1", "0 blocks"],
        ),
        (
            ResNetConfig {
                classes: 0,
                ..reference()
            },
            &["classes is 0", "at least 1"],
        ),
        (
            ResNetConfig {
                input_channels: 0,
                ..reference()
            },
            &["input channels is 0", "at least 1"],
        ),
        (flatten(0), &["width is 0", "multiple of 32"]),
        (flatten(31), &["width is 31", "multiple of 32"]),
        (flatten(225), &["width is 225", "multiple of 32"]),
        (
            ResNetConfig {
                stride_on: StrideOn::Conv1,
                ..reference()
            },
            &["conv1", "torchvision"],
        ),
        (
            ResNetConfig {
                head: Head::AveragePool,
                ..reference()
            },
            &["flatten head"],
        ),
        (
            ResNetConfig {
                repetitions: vec![],
                ..torchvision()
            },
            &["0 stages", "1 to 8"],
        ),
        (
            ResNetConfig {
                repetitions: vec![2, 2, 2],
                ..torchvision()
            },
            &["3 stages", "4 widths"],
        ),
        (
            ResNetConfig {
                attention: Some(Attention::EfficientChannel {
                    kernels: vec![3, 3, 4, 5],
                }),
                ..torchvision()
            },
            &["4 long", "odd"],
        ),
        (
            ResNetConfig {
                attention: Some(Attention::SqueezeExcite {
                    reduced: vec![16, 16, 0, 16],
                }),
                ..torchvision()
            },
            &["0 channels in its attention"],
        ),
        (
            ResNetConfig {
                shortcut: ShortcutKind::ZeroPadded,
                widths: vec![64, 32, 16, 16],
                ..torchvision()
            },
            &["256 channels to 128", "as many or more"],
        ),
        (
            ResNetConfig {
                head_layers: vec![HeadLayer::Relu],
                ..torchvision()
            },
            &["0 outputs", "1000 classes"],
        ),
        (
            ResNetConfig {
                head_layers: vec![
                    HeadLayer::BatchNorm,
                    HeadLayer::Relu,
                    HeadLayer::Linear {
                        outputs: 1000,
                        bias: true,
                    },
                ],
                ..torchvision()
            },
            &["batch norm of the head", "linear layer beside it"],
        ),
        (
            ResNetConfig {
                attention: Some(Attention::SqueezeExcite {
                    reduced: vec![16, 16, 16, 16],
                }),
                ..reference()
            },
            &["no attention", "torchvision"],
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
        repetitions: vec![1, 1, 1, 1],
        ..ResNetConfig::torchvision(Depth::D18, 10)
    };
    let cases: &[(&ResNetConfig, [usize; 4], &[&str])] = &[
        (
            &reference(),
            [1, 3, 224, 224],
            &["224 pixels high", "exactly 64 by 64"],
        ),
        (
            &reference(),
            [1, 3, 64, 32],
            &["32 wide", "exactly 64 by 64"],
        ),
        (&reference(), [1, 4, 64, 64], &["has 4 channels", "takes 3"]),
        (
            &reference(),
            [0, 3, 64, 64],
            &["[0, 3, 64, 64]", "at least 1"],
        ),
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
    use Family::{Reference, Torchvision};
    let cases: &[ShortcutCase] = &[
        (Reference, NoBottleneck, [64, 64, 1], Ok(None)),
        (Reference, NoBottleneck, [64, 64, 2], Ok(Some((2, true)))),
        (Reference, NoBottleneck, [64, 128, 2], Ok(Some((2, true)))),
        // Stride 2 is written out in the reference, whatever the block's is.
        (Reference, NoBottleneck, [64, 64, 3], Ok(Some((2, true)))),
        (
            Reference,
            NoBottleneck,
            [64, 128, 1],
            Err("64 channels to 128"),
        ),
        (Reference, Bottleneck, [256, 64, 1], Ok(None)),
        (Reference, Bottleneck, [64, 64, 1], Ok(Some((1, false)))),
        (Reference, Bottleneck, [256, 128, 2], Ok(Some((2, false)))),
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
        (Reference, Bottleneck, [0, 64, 1], Err("0 input channels")),
        (Reference, Bottleneck, [64, 0, 1], Err("0 channels")),
        (
            Reference,
            Bottleneck,
            [64, 64, 0],
            Err("0 pixels of stride"),
        ),
    ];
    let mut report = Vec::new();
    for case in cases {
        let &(family, kind, [input_channels, width, stride], ref expected) = case;
        let config = BlockConfig {
            stride,
            ..BlockConfig::new(family, kind, input_channels, width)
        };
        let fits = match (config.spec(""), expected) {
            (Ok(spec), Ok(expected)) => {
                spec.projection()
                    .map(|projection| (projection.stride, projection.bias))
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
fn torchvisions_networks_have_its_sizes() {
    // Parameters as torchvision's documentation lists them; multiply-adds for a square of so many pixels, which it rounds to
    // 1.81, 3.66, 4.09, 7.80, 11.51, 4.23, 16.41, 11.40 and 22.75 G.
    let plain = |depth| ResNetConfig::torchvision(depth, 1000);
    let of_width = |depth, groups, width_per_group| ResNetConfig {
        groups,
        width_per_group,
        ..plain(depth)
    };
    let deepest = ResNetConfig {
        repetitions: vec![1024; 4],
        classes: 1 << 20,
        ..of_width(Depth::D152, 1, 4096)
    };
    #[rustfmt::skip]
    let cases: &[(ResNetConfig, &str, usize, u64, u64)] = &[
        (plain(Depth::D18), "ResNet-18", 224, 11_689_512, 1_814_073_344),
        (plain(Depth::D34), "ResNet-34", 224, 21_797_672, 3_663_761_408),
        (plain(Depth::D34), "ResNet-34", 256, 21_797_672, 4_785_164_288),
        (plain(Depth::D50), "ResNet-50", 224, 25_557_032, 4_089_184_256),
        (plain(Depth::D50), "ResNet-50", 256, 25_557_032, 5_340_348_416),
        (plain(Depth::D101), "ResNet-101", 224, 44_549_160, 7_801_405_440),
        (plain(Depth::D152), "ResNet-152", 224, 60_192_808, 11_513_626_624),
        (of_width(Depth::D50, 32, 4), "ResNeXt-50 32x4d", 224, 25_028_904, 4_230_479_872),
        (of_width(Depth::D101, 32, 8), "ResNeXt-101 32x8d", 224, 88_791_336, 16_414_015_488),
        (of_width(Depth::D50, 1, 128), "Wide ResNet-50-2", 224, 68_883_240, 11_398_021_120),
        (of_width(Depth::D101, 1, 128), "Wide ResNet-101-2", 224, 126_886_696, 22_753_050_624),
        (deepest, "Wide ResNet [1024, 1024, 1024, 1024]-64", 224, 13_327_502_050_112, 1_966_486_570_188_800),
    ];
    let mut report = Vec::new();
    for (config, name, side, parameters, multiply_adds) in cases {
        let spec = NetworkSpec::new(config).unwrap();
        let summary = Summary::of_network(&spec, [1, 3, *side, *side]).unwrap();
        let found = (summary.parameters, summary.multiply_adds);
        if config.name() != *name || found != (*parameters, *multiply_adds) {
            report.push(format!("{name} at {side}: {} has {found:?}", config.name()));
        }
        let in_tensors: u64 = spec
            .tensors()
            .iter()
            .filter(|tensor| !tensor.name.contains("running"))
            .map(|tensor| {
                tensor
                    .shape
                    .iter()
                    .map(|&side| side as u64)
                    .product::<u64>()
            })
            .sum();
        if in_tensors != *parameters {
            report.push(format!("{name}: its tensors have {in_tensors}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

/// The network of timm's `resnetN`, before its variants.
fn bottlenecks(repetitions: [usize; 4]) -> ResNetConfig {
    ResNetConfig::of(BlockKind::Bottleneck, repetitions.to_vec(), 1000)
}

fn deep(channels: [usize; 2], pool: StemPool) -> Stem {
    Stem {
        convolutions: StemConvolutions::Deep { channels },
        channels: 64,
        pool,
    }
}

#[test]
fn variants_have_the_names_and_sizes_of_their_sources() {
    // Parameters as timm and akamaster's CIFAR networks count them.
    let d = || ResNetConfig {
        stem: deep([32, 32], StemPool::Max),
        shortcut: ShortcutKind::AveragePool,
        ..bottlenecks([3, 4, 6, 3])
    };
    let squeeze = |reduced: [usize; 4]| {
        let reduced = reduced.to_vec();
        Some(Attention::SqueezeExcite { reduced })
    };
    let cifar = ResNetConfig {
        stem: Stem {
            convolutions: StemConvolutions::Conv3x3,
            channels: 16,
            pool: StemPool::None,
        },
        widths: vec![16, 32, 64],
        shortcut: ShortcutKind::ZeroPadded,
        ..ResNetConfig::of(BlockKind::NoBottleneck, vec![3, 3, 3], 10)
    };
    let cases: &[(&str, ResNetConfig, &str, u64)] = &[
        ("resnet50d", d(), "ResNet-50-D", 25_576_264),
        (
            "resnet50c",
            ResNetConfig {
                shortcut: ShortcutKind::Projection,
                ..d()
            },
            "ResNet-50-C",
            25_576_264,
        ),
        (
            "seresnet50",
            ResNetConfig {
                attention: squeeze([16, 32, 64, 128]),
                ..bottlenecks([3, 4, 6, 3])
            },
            "SE-ResNet-50",
            28_088_024,
        ),
        (
            "ecaresnet50d",
            ResNetConfig {
                attention: Some(Attention::EfficientChannel {
                    kernels: vec![5, 5, 5, 7],
                }),
                ..d()
            },
            "ECA-ResNet-50-D",
            25_576_350,
        ),
        (
            "resnetv2_50",
            ResNetConfig {
                pre_activation: true,
                ..bottlenecks([3, 4, 6, 3])
            },
            "ResNetV2-50",
            25_549_352,
        ),
        (
            "resnetblur50",
            ResNetConfig {
                anti_aliasing: Some(AntiAliasing::Blur),
                ..bottlenecks([3, 4, 6, 3])
            },
            "ResNet-50",
            25_557_032,
        ),
        (
            "resnetrs50",
            ResNetConfig {
                stem: deep([32, 32], StemPool::Convolution),
                attention: squeeze([64, 128, 256, 512]),
                ..d()
            },
            "SE-ResNet-50-D",
            35_691_912,
        ),
        ("akamaster's resnet20", cifar, "ResNet-20", 269_722),
        (
            "resnet50 without a head",
            ResNetConfig {
                classes: 0,
                ..bottlenecks([3, 4, 6, 3])
            },
            "ResNet-50",
            23_508_032,
        ),
    ];
    let mut report = Vec::new();
    for (name, config, expected, parameters) in cases {
        let spec = NetworkSpec::new(config).unwrap();
        let summary = Summary::of_network(&spec, [1, 3, 64, 64]).unwrap();
        if (&*config.name(), summary.parameters) != (expected, *parameters) {
            let found = summary.parameters;
            report.push(format!("{name}: {} of {found}", config.name()));
        }
        let written = serde_json::to_string(config).unwrap();
        if serde_json::from_str::<ResNetConfig>(&written).ok().as_ref() != Some(config) {
            report.push(format!("{name}: another one comes out of {written}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn what_is_more_than_can_be_counted_is_the_most_that_can() {
    let spec = NetworkSpec::new(&ResNetConfig::torchvision(Depth::D18, 10)).unwrap();
    let side = usize::try_from(u32::MAX).unwrap();
    let summary = Summary::of_network(&spec, [side, 3, side, side]).unwrap();
    assert_eq!(summary.multiply_adds, u64::MAX);
    assert_eq!(summary.parameters, 11_181_642);
}

#[test]
fn files_of_earlier_versions_call_the_reference_convention_seed() {
    for name in ["reference", "seed"] {
        let family: Family = serde_json::from_str(&format!("\"{name}\"")).unwrap();
        assert_eq!(family, Family::Reference, "{name}");
    }
    let written = serde_json::to_string(&Family::Reference).unwrap();
    assert_eq!(written, "\"reference\"");
}
