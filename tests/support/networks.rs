//! Small networks of every kind of head and block.

use resnet_web::resnet::{
    AntiAliasing, Attention, BlockKind, Depth, Head, HeadLayer, ResNetConfig, ShortcutKind, Stem,
    StemConvolutions, StemPool,
};

/// Networks for images of 64 x 64 pixels, each with its description: both heads, both blocks, a single logit.
pub fn every_kind() -> Vec<(&'static str, ResNetConfig)> {
    vec![
        (
            "flatten head, no bottleneck",
            ResNetConfig::reference([1, 1, 1, 1], 64, 6, BlockKind::NoBottleneck, 3),
        ),
        (
            "flatten head, bottleneck",
            ResNetConfig::reference([1, 1, 1, 1], 64, 6, BlockKind::Bottleneck, 3),
        ),
        (
            "average pool, no bottleneck",
            ResNetConfig::torchvision(Depth::D18, 10),
        ),
        (
            "average pool, bottleneck",
            ResNetConfig {
                repetitions: vec![1, 1, 1, 1],
                ..ResNetConfig::torchvision(Depth::D50, 10)
            },
        ),
        (
            "a single logit, two classes",
            ResNetConfig {
                repetitions: vec![1, 1, 1, 1],
                ..ResNetConfig::torchvision(Depth::D18, 1)
            },
        ),
    ]
}

/// A network that ends with its features.
pub fn without_head() -> ResNetConfig {
    ResNetConfig::of(BlockKind::NoBottleneck, vec![1, 1, 1, 1], 0)
}

/// Networks whose logits are no linear function of the last map, each with its description.
pub fn heads_of_several_layers() -> Vec<(&'static str, ResNetConfig)> {
    let linear = |outputs, bias| HeadLayer::Linear { outputs, bias };
    let config = |head, head_layers: &[HeadLayer]| ResNetConfig {
        head,
        head_layers: head_layers.to_vec(),
        ..ResNetConfig::of(BlockKind::NoBottleneck, vec![1, 1, 1, 1], 4)
    };
    let (norm, relu) = (HeadLayer::BatchNorm, HeadLayer::Relu);
    let layers = [linear(24, true), relu, linear(4, true)];
    let fastai = [norm, linear(24, false), relu, norm, linear(4, false)];
    vec![
        ("two layers", config(Head::AveragePool, &layers)),
        ("the largest and the mean", config(Head::ConcatPool, &[])),
        ("fastai's", config(Head::ConcatPool, &fastai)),
        (
            "two layers after flattening",
            config(Head::Flatten { input_width: 64 }, &layers),
        ),
    ]
}

/// Networks for images of 64 x 64 pixels that have every kind of layer between them, each with its description.
pub fn with_every_layer() -> Vec<(&'static str, ResNetConfig)> {
    let bottleneck = |stages| ResNetConfig::of(BlockKind::Bottleneck, vec![1; stages], 5);
    let basic = |stages| ResNetConfig::of(BlockKind::NoBottleneck, vec![1; stages], 5);
    let deep = Stem {
        convolutions: StemConvolutions::Deep { channels: [8, 16] },
        channels: 16,
        pool: StemPool::Convolution,
    };
    let squeeze = Attention::SqueezeExcite {
        reduced: vec![4, 4],
    };
    let mut networks = vec![
        ("no head", without_head()),
        (
            "ResNet-D with squeeze-and-excitation",
            ResNetConfig {
                stem: deep,
                shortcut: ShortcutKind::AveragePool,
                attention: Some(squeeze),
                ..bottleneck(2)
            },
        ),
        (
            "channel attention and blurs",
            ResNetConfig {
                attention: Some(Attention::EfficientChannel {
                    kernels: vec![3, 5],
                }),
                anti_aliasing: Some(AntiAliasing::Blur),
                ..bottleneck(2)
            },
        ),
        (
            "a network for small images with averages",
            ResNetConfig {
                stem: Stem {
                    convolutions: StemConvolutions::Conv3x3,
                    channels: 64,
                    pool: StemPool::None,
                },
                shortcut: ShortcutKind::ZeroPadded,
                anti_aliasing: Some(AntiAliasing::Average),
                ..basic(3)
            },
        ),
        (
            "pre-activation",
            ResNetConfig {
                shortcut: ShortcutKind::AveragePool,
                pre_activation: true,
                ..bottleneck(2)
            },
        ),
    ];
    networks.extend(heads_of_several_layers());
    networks
}
