use resnet_web_core::image::MAX_CROP;
use resnet_web_core::resnet::{
    AntiAliasing, Attention, BlockConfig, BlockKind, Depth, Family, HeadLayer, ResNetConfig,
    ShortcutKind, Stem, StemConvolutions, StemPool, StrideOn,
};

use super::*;

/// An adapter with buffers of any size.
fn roomy() -> Caps {
    Caps {
        max_binding_bytes: u64::MAX,
        ..Caps::default()
    }
}

fn spec(config: &ResNetConfig) -> NetworkSpec {
    NetworkSpec::new(config).unwrap()
}

/// A network of every kind, for images of this side.
fn every_kind(side: usize) -> Vec<ResNetConfig> {
    let mut kinds = of_pytorch(side);
    kinds.extend(variants().into_iter().map(|(_, config)| config));
    kinds
}

/// Two stages of one block, with something that torchvision's networks do not have.
fn variants() -> [(&'static str, ResNetConfig); 9] {
    let small = |block| ResNetConfig {
        widths: vec![16, 32],
        stem: Stem {
            channels: 16,
            ..Stem::default()
        },
        ..ResNetConfig::of(block, vec![1, 1], 10)
    };
    let [basic, bottleneck] = [BlockKind::NoBottleneck, BlockKind::Bottleneck].map(small);
    let stem = |convolutions, pool| Stem {
        convolutions,
        channels: 16,
        pool,
    };
    let deep = StemConvolutions::Deep { channels: [8, 12] };
    let layer = |outputs| HeadLayer::Linear {
        outputs,
        bias: false,
    };
    [
        (
            "CIFAR, option A",
            ResNetConfig {
                stem: stem(StemConvolutions::Conv3x3, StemPool::None),
                shortcut: ShortcutKind::ZeroPadded,
                ..basic.clone()
            },
        ),
        (
            "D, squeeze-and-excitation",
            ResNetConfig {
                stem: stem(deep, StemPool::Max),
                shortcut: ShortcutKind::AveragePool,
                attention: Some(Attention::SqueezeExcite {
                    reduced: vec![4, 8],
                }),
                ..bottleneck.clone()
            },
        ),
        (
            "RS, channel attention",
            ResNetConfig {
                stem: stem(deep, StemPool::Convolution),
                attention: Some(Attention::EfficientChannel {
                    kernels: vec![3, 5],
                }),
                ..basic.clone()
            },
        ),
        (
            "blur",
            ResNetConfig {
                anti_aliasing: Some(AntiAliasing::Blur),
                ..bottleneck.clone()
            },
        ),
        (
            "average instead of strides",
            ResNetConfig {
                anti_aliasing: Some(AntiAliasing::Average),
                ..basic.clone()
            },
        ),
        (
            "pre-activation",
            ResNetConfig {
                pre_activation: true,
                ..bottleneck
            },
        ),
        (
            "fastai's head",
            ResNetConfig {
                head: Head::ConcatPool,
                head_layers: vec![
                    HeadLayer::BatchNorm,
                    layer(24),
                    HeadLayer::Relu,
                    HeadLayer::BatchNorm,
                    layer(10),
                ],
                ..basic.clone()
            },
        ),
        (
            "two layers",
            ResNetConfig {
                head_layers: vec![layer(24), HeadLayer::BatchNorm, HeadLayer::Relu, layer(10)],
                ..basic.clone()
            },
        ),
        (
            "no head",
            ResNetConfig {
                classes: 0,
                ..basic
            },
        ),
    ]
}

/// Networks as torchvision and the reference have them.
fn of_pytorch(side: usize) -> Vec<ResNetConfig> {
    let torchvision = Depth::ALL.map(|depth| ResNetConfig::torchvision(depth, 1000));
    let grouped = [(32, 4), (32, 8), (64, 4), (1, 128), (1, 8)].map(|(groups, width_per_group)| {
        ResNetConfig {
            groups,
            width_per_group,
            ..ResNetConfig::torchvision(Depth::D50, 1000)
        }
    });
    let v1 = ResNetConfig {
        stride_on: StrideOn::Conv1,
        ..ResNetConfig::torchvision(Depth::D50, 1)
    };
    let reference = [BlockKind::NoBottleneck, BlockKind::Bottleneck]
        .map(|block| ResNetConfig::reference([3, 4, 6, 3], side, 1000, block, 3));
    let mut kinds = vec![v1];
    kinds.extend(torchvision.into_iter().chain(grouped).chain(reference));
    kinds
}

const RESNET_50: &str = "
conv1                 conv2d       392  1 1
maxpool               max pool      14 56 1
layer1.0.conv1        conv2d        98  1 1
layer1.0.conv2        conv2d        98  1 1
layer1.0.downsample.0 conv2d        98  4 1
layer1.0.conv3        conv2d        98  4 1
layer1.1.conv1        conv2d        98  1 1
layer1.1.conv2        conv2d        98  1 1
layer1.1.conv3        conv2d        98  4 1
layer1.2.conv1        conv2d        98  1 1
layer1.2.conv2        conv2d        98  1 1
layer1.2.conv3        conv2d        98  4 1
layer2.0.conv1        conv2d        98  2 1
layer2.0.conv2        conv2d        25  2 1
layer2.0.downsample.0 conv2d        25  8 1
layer2.0.conv3        conv2d        25  8 1
layer2.1.conv1        conv2d        25  2 1
layer2.1.conv2        conv2d        25  2 1
layer2.1.conv3        conv2d        25  8 1
layer2.2.conv1        conv2d        25  2 1
layer2.2.conv2        conv2d        25  2 1
layer2.2.conv3        conv2d        25  8 1
layer2.3.conv1        conv2d        25  2 1
layer2.3.conv2        conv2d        25  2 1
layer2.3.conv3        conv2d        25  8 1
layer3.0.conv1        conv2d        25  4 1
layer3.0.conv2        conv2d         7  4 1
layer3.0.downsample.0 conv2d         7 16 1
layer3.0.conv3        conv2d         7 16 1
layer3.1.conv1        conv2d         7  4 1
layer3.1.conv2        conv2d         7  4 1
layer3.1.conv3        conv2d         7 16 1
layer3.2.conv1        conv2d         7  4 1
layer3.2.conv2        conv2d         7  4 1
layer3.2.conv3        conv2d         7 16 1
layer3.3.conv1        conv2d         7  4 1
layer3.3.conv2        conv2d         7  4 1
layer3.3.conv3        conv2d         7 16 1
layer3.4.conv1        conv2d         7  4 1
layer3.4.conv2        conv2d         7  4 1
layer3.4.conv3        conv2d         7 16 1
layer3.5.conv1        conv2d         7  4 1
layer3.5.conv2        conv2d         7  4 1
layer3.5.conv3        conv2d         7 16 1
layer4.0.conv1        conv2d         7  8 1
layer4.0.conv2        conv2d         2  8 1
layer4.0.downsample.0 conv2d         2 32 1
layer4.0.conv3        conv2d         2 32 1
layer4.1.conv1        conv2d         2  8 1
layer4.1.conv2        conv2d         2  8 1
layer4.1.conv3        conv2d         2 32 1
layer4.2.conv1        conv2d         2  8 1
layer4.2.conv2        conv2d         2  8 1
layer4.2.conv3        conv2d         2 32 1
avgpool               average pool   8  1 1
fc                    linear         1 16 1
";

fn line(call: &Call<'_>) -> String {
    let [x, y, z] = call.workgroups;
    format!("{:21} {:12} {x:3} {y:2} {z}", call.layer, call.kernel.name)
}

/// Layer and kernel of each dispatch of the [`variants`].
const VARIANTS: [(&str, &str); 9] = [
    (
        "CIFAR, option A",
        "
conv1                conv2d
layer1.0.conv1       conv2d
layer1.0.conv2       conv2d
layer2.0.conv1       conv2d
layer2.0.downsample  conv2d
layer2.0.conv2       conv2d
avgpool              average pool
fc                   linear
",
    ),
    (
        "D, squeeze-and-excitation",
        "
conv1.0               conv2d
conv1.3               conv2d
conv1.6               conv2d
maxpool               max pool
layer1.0.conv1        conv2d
layer1.0.conv2        conv2d
layer1.0.conv3        conv2d
layer1.0.se           average pool
layer1.0.se.fc1       linear
layer1.0.se.fc2       linear
layer1.0.downsample.1 conv2d
layer1.0.se.gate      scale shift
layer2.0.conv1        conv2d
layer2.0.conv2        conv2d
layer2.0.conv3        conv2d
layer2.0.se           average pool
layer2.0.se.fc1       linear
layer2.0.se.fc2       linear
layer2.0.downsample.0 window mean
layer2.0.downsample.1 conv2d
layer2.0.se.gate      scale shift
avgpool               average pool
fc                    linear
",
    ),
    (
        "RS, channel attention",
        "
conv1.0               conv2d
conv1.3               conv2d
conv1.6               conv2d
maxpool.0             conv2d
layer1.0.conv1        conv2d
layer1.0.conv2        conv2d
layer1.0.se           average pool
layer1.0.se.conv      channel convolution
layer1.0.se.gate      scale shift
layer2.0.conv1        conv2d
layer2.0.conv2        conv2d
layer2.0.se           average pool
layer2.0.se.conv      channel convolution
layer2.0.downsample.0 conv2d
layer2.0.se.gate      scale shift
avgpool               average pool
fc                    linear
",
    ),
    (
        "blur",
        "
conv1                 conv2d
maxpool.0             max pool
maxpool.1             blur pool
layer1.0.conv1        conv2d
layer1.0.conv2        conv2d
layer1.0.downsample.0 conv2d
layer1.0.conv3        conv2d
layer2.0.conv1        conv2d
layer2.0.conv2        conv2d
layer2.0.aa           blur pool
layer2.0.downsample.0 conv2d
layer2.0.conv3        conv2d
avgpool               average pool
fc                    linear
",
    ),
    (
        "average instead of strides",
        "
conv1                 conv2d
maxpool               window mean
layer1.0.conv1        conv2d
layer1.0.conv2        conv2d
layer2.0.conv1        conv2d
layer2.0.aa           window mean
layer2.0.downsample.0 conv2d
layer2.0.conv2        conv2d
avgpool               average pool
fc                    linear
",
    ),
    (
        "pre-activation",
        "
stem.conv                         conv2d
stem.pool                         max pool
stages.0.blocks.0.norm1           scale shift
stages.0.blocks.0.conv1           conv2d
stages.0.blocks.0.conv2           conv2d
stages.0.blocks.0.downsample.conv conv2d
stages.0.blocks.0.conv3           conv2d
stages.1.blocks.0.norm1           scale shift
stages.1.blocks.0.conv1           conv2d
stages.1.blocks.0.conv2           conv2d
stages.1.blocks.0.downsample.conv conv2d
stages.1.blocks.0.conv3           conv2d
norm                              scale shift
head.global_pool                  average pool
head.fc                           linear
",
    ),
    (
        "fastai's head",
        "
conv1                 conv2d
maxpool               max pool
layer1.0.conv1        conv2d
layer1.0.conv2        conv2d
layer2.0.conv1        conv2d
layer2.0.downsample.0 conv2d
layer2.0.conv2        conv2d
avgpool               concat pool
fc.1                  linear
fc.4                  linear
",
    ),
    (
        "two layers",
        "
conv1                 conv2d
maxpool               max pool
layer1.0.conv1        conv2d
layer1.0.conv2        conv2d
layer2.0.conv1        conv2d
layer2.0.downsample.0 conv2d
layer2.0.conv2        conv2d
avgpool               average pool
fc.0                  linear
fc.3                  linear
",
    ),
    (
        "no head",
        "
conv1                 conv2d
maxpool               max pool
layer1.0.conv1        conv2d
layer1.0.conv2        conv2d
layer2.0.conv1        conv2d
layer2.0.downsample.0 conv2d
layer2.0.conv2        conv2d
avgpool               average pool
",
    ),
];

#[test]
fn the_family_is_these_dispatches() {
    let mut report = Vec::new();
    for ((name, config), (expected_name, expected)) in variants().into_iter().zip(VARIANTS) {
        assert_eq!(name, expected_name);
        let spec = spec(&config);
        let shape = [1, 3, 64, 64];
        let program = network(&spec, shape, &Caps::default(), Options::default()).unwrap();
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let calls = program.calls.iter();
        let found: Vec<_> = calls
            .map(|call| format!("{} {}", call.layer, call.kernel.name))
            .collect();
        let expected: Vec<_> = expected.trim().lines().map(words).collect();
        if found != expected {
            report.push(format!("{name}: {found:#?}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn an_image_is_in_space_to_depth_form_for_a_convolution_of_stride_two() {
    let expected = [
        ("CIFAR, option A", [1, 3, 64, 64], None),
        ("D, squeeze-and-excitation", [1, 12, 33, 33], Some(1)),
        ("blur", [1, 12, 35, 35], Some(3)),
    ];
    for (name, shape, padding) in expected {
        let (_, config) = variants().into_iter().find(|kind| kind.0 == name).unwrap();
        let spec = spec(&config);
        let image = [1, 3, 64, 64];
        let program = network(&spec, image, &Caps::default(), Options::default()).unwrap();
        let deep = padding.map(|padding| SpaceToDepth { image, padding });
        let input = program.input;
        let found = (program.maps[input.map.0].shape, input.space_to_depth);
        assert_eq!(found, (shape, deep), "{name}");
    }
}

#[test]
fn a_head_ends_in_features_logits_and_class_maps() {
    // Features, logits, and where class activation maps come from.
    let expected = [
        ("CIFAR, option A", 32, Some(10), "the GPU"),
        ("fastai's head", 64, Some(10), "the CPU"),
        ("two layers", 32, Some(10), "the CPU"),
        ("no head", 32, None, "nowhere"),
    ];
    let mut report = Vec::new();
    for (name, features, logits, class_maps) in expected {
        let (_, config) = variants().into_iter().find(|kind| kind.0 == name).unwrap();
        let spec = spec(&config);
        let shape = [2, 3, 64, 64];
        let f16 = Caps {
            shader_f16: true,
            ..Caps::default()
        };
        let program = network(&spec, shape, &f16, Options::default()).unwrap();
        // Vectors are f32 everywhere.
        let vector = |width| MapSpec {
            shape: [2, width, 1, 1],
            dtype: StorageDtype::F32,
        };
        let found = (
            program.maps[program.features.0],
            program.logits.map(|map| program.maps[map.0]),
            match &program.class_maps {
                Some(ClassMaps::Call { .. }) => "the GPU",
                Some(ClassMaps::OnCpu { map, .. }) => {
                    assert_eq!(program.maps[map.0].shape[1], 32);
                    "the CPU"
                }
                None => "nowhere",
            },
        );
        if found != (vector(features), logits.map(vector), class_maps) {
            report.push(format!("{name}: {found:?}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn a_resnet_50_is_56_dispatches() {
    let spec = spec(&ResNetConfig::torchvision(Depth::D50, 1000));
    let shape = [1, 3, 224, 224];
    let program = network(&spec, shape, &Caps::default(), Options::default()).unwrap();
    let found: Vec<_> = program.calls.iter().map(line).collect();
    assert_eq!(found, RESNET_50.trim().lines().collect::<Vec<_>>());
    assert_eq!(found.len(), 56);

    let Some(ClassMaps::Call { call, places }) = program.class_maps else {
        panic!("{:?}", program.class_maps);
    };
    let expected = "fc                    linear        49 16 1";
    assert_eq!((line(&call), places), (expected.to_owned(), 49));
}

#[test]
fn a_convolution_has_the_parameters_of_its_layer() {
    let plain = conv2d::Params {
        height: 56,
        width: 56,
        out_height: 56,
        out_width: 56,
        input_blocks: 16,
        output_blocks: 16,
        span_inputs: 16,
        span_outputs: 16,
        kernel: 3,
        stride: 1,
        padding: 1,
        relu: 1,
        has_residual: 0,
    };
    // Of a ResNeXt-50 32x4d, whose 3x3 convolutions have 32 groups: 64 channels see 64 others, at the beginning 16 groups of them.
    let cases = [
        (
            "conv1",
            conv2d::Params {
                height: 115,
                width: 115,
                out_height: 112,
                out_width: 112,
                input_blocks: 3,
                span_inputs: 3,
                kernel: 4,
                padding: 0,
                ..plain
            },
        ),
        (
            "layer1.0.conv2",
            conv2d::Params {
                input_blocks: 32,
                output_blocks: 32,
                ..plain
            },
        ),
        (
            "layer1.0.downsample.0",
            conv2d::Params {
                output_blocks: 64,
                span_outputs: 64,
                kernel: 1,
                padding: 0,
                relu: 0,
                ..plain
            },
        ),
        (
            "layer1.0.conv3",
            conv2d::Params {
                input_blocks: 32,
                output_blocks: 64,
                span_inputs: 32,
                span_outputs: 64,
                kernel: 1,
                padding: 0,
                has_residual: 1,
                ..plain
            },
        ),
        (
            "layer2.0.conv2",
            conv2d::Params {
                out_height: 28,
                out_width: 28,
                input_blocks: 64,
                output_blocks: 64,
                stride: 2,
                ..plain
            },
        ),
    ];
    let spec = spec(&ResNetConfig {
        groups: 32,
        width_per_group: 4,
        ..ResNetConfig::torchvision(Depth::D50, 1000)
    });
    let shape = [1, 3, 224, 224];
    let program = network(&spec, shape, &Caps::default(), Options::default()).unwrap();
    for (layer, expected) in cases {
        let call = program.calls.iter().find(|call| call.layer == layer);
        let params = &call.unwrap().params;
        assert_eq!(
            bytemuck::pod_read_unaligned::<conv2d::Params>(params),
            expected,
            "{layer}"
        );
    }
}

#[test]
fn calls_bind_what_their_kernel_declares_and_read_what_was_written() {
    let mut faults = Vec::new();
    for config in every_kind(64) {
        let spec = spec(&config);
        for batch in [1, 2] {
            let shape = [batch, 3, 64, 64];
            let program = network(&spec, shape, &Caps::default(), Options::observing()).unwrap();
            let mut written = vec![program.input.map];
            for call in program.all_calls() {
                let fault = |what| format!("{} {}: {what}", config.name(), call.layer);
                if call.kernel.bindings.len() != call.operands.len() + 2 {
                    faults.push(fault("another number of bindings"));
                }
                if !call.reads().all(|map| written.contains(&map)) {
                    faults.push(fault("reads a map that was not written"));
                }
                if written.contains(&call.output) {
                    faults.push(fault("writes a map a second time"));
                }
                written.push(call.output);
            }
            if !program.observed.values().all(|map| written.contains(map)) {
                faults.push(format!(
                    "{}: observes a map that is not written",
                    config.name()
                ));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn a_block_alone_ends_in_its_output() {
    let config = BlockConfig::new(Family::Torchvision, BlockKind::Bottleneck, 64, 64);
    let spec = config.spec("").unwrap();
    let shape = [1, 64, 8, 8];
    let program = block(&spec, shape, &Caps::default(), Options::observing()).unwrap();
    let layers: Vec<_> = program.calls.iter().map(|call| call.layer).collect();
    assert_eq!(layers, ["conv1", "conv2", "downsample.0", "conv3"]);
    assert_eq!(program.observed.get("output"), Some(&program.features));
    assert_eq!(program.logits, None);
    assert_eq!(program.class_maps, None);
}

#[test]
fn the_largest_crop_keeps_to_the_workgroups_that_webgpu_guarantees() {
    let side = MAX_CROP as usize;
    for mut config in of_pytorch(side) {
        config.classes = 1 << 20;
        let spec = spec(&config);
        let program = network(&spec, [1, 3, side, side], &roomy(), Options::default());
        let program = program.unwrap_or_else(|error| panic!("{}: {error}", config.name()));
        let most = program.all_calls().flat_map(|call| call.workgroups).max();
        assert!(most <= Some(65_535), "{}: {most:?}", config.name());
    }
}

#[test]
fn what_a_device_cannot_run_is_refused_beforehand() {
    let resnet = |classes| ResNetConfig::torchvision(Depth::D50, classes);
    let forced = Forced {
        conv2d: Some(Tile {
            rows: 32,
            columns: 32,
        }),
    };
    let plain = Options::default();
    let other_tile = Options {
        forced,
        ..Options::default()
    };
    let cases = [
        (
            "a crop of twice the largest",
            (resnet(1000), 4096, roomy(), plain),
            "layer `conv1` needs 131072 workgroups along an axis, and the GPU allows 65535. Use a smaller crop, or the CPU",
        ),
        (
            "a map larger than a buffer",
            (resnet(1000), 2048, Caps::default(), plain),
            "layer `conv1` needs 268435456 bytes in one buffer, and the GPU allows 134217728. Use a smaller crop, or the CPU",
        ),
        (
            "weights larger than a buffer",
            (resnet(1 << 20), 224, Caps::default(), plain),
            "layer `fc` needs 8589934592 bytes in one buffer, and the GPU allows 134217728. Use a smaller crop, or the CPU",
        ),
        (
            "a forced tile of too many invocations",
            (resnet(1000), 224, Caps::default(), other_tile),
            "layer `conv1` needs 1024 invocations in a workgroup, and the GPU allows 256. Use a smaller crop, or the CPU",
        ),
        (
            "no pixels",
            (resnet(1000), 0, Caps::default(), plain),
            "the input's shape is [1, 3, 0, 0]; every one of batch, channels, height and width must be at least 1",
        ),
    ];
    let mut faults = Vec::new();
    for (name, (config, side, caps, options), expected) in cases {
        let spec = spec(&config);
        match network(&spec, [1, 3, side, side], &caps, options) {
            Ok(_) => faults.push(format!("{name}: not refused")),
            Err(error) if error.to_string() != expected => faults.push(format!("{name}: {error}")),
            Err(_) => {}
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}
