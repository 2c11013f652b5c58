//! Small networks of every kind of head and block.

use resnet_web::resnet::{BlockKind, Depth, ResNetConfig};

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
