//! What an image meets first.

use super::ShapeError;
use super::block::anti_aliasing_pool;
use super::layers::{ConvSpec, PoolKind, PoolSpec};
use crate::resnet::config::{AntiAliasing, Family, ResNetConfig, StemConvolutions, StemPool};

/// Convolutions and poolings before the first stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StemSpec {
    /// Its convolutions.
    pub convolutions: Vec<ConvSpec>,
    /// The container that holds them, in the reference network.
    pub container: Option<String>,
    /// The poolings after them: one, none, or a max pool and the filter that keeps it from aliasing.
    pub pools: Vec<PoolSpec>,
}

impl StemSpec {
    pub(super) fn new(config: &ResNetConfig) -> Self {
        let reference = config.family == Family::Reference;
        Self {
            convolutions: convolutions(config),
            container: reference.then(|| "preliminary".to_owned()),
            pools: pools(config),
        }
    }

    /// Channels that come out.
    pub fn output_channels(&self) -> usize {
        self.convolutions
            .last()
            .map_or(0, |conv| conv.output_channels)
    }

    /// Height and width of the output for an image of this height and width.
    ///
    /// # Errors
    /// [`ShapeError::Small`]
    pub fn output_size(&self, size: [usize; 2]) -> Result<[usize; 2], ShapeError> {
        let convolutions = self.convolutions.iter();
        let size = convolutions.fold(size, |size, conv| conv.output_size(size));
        let mut pools = self.pools.iter();
        pools.try_fold(size, |size, pool| pool.checked_size(size))
    }
}

/// The names of a convolution, its batch norm and its ReLU.
type Names = [&'static str; 3];

fn convolutions(config: &ResNetConfig) -> Vec<ConvSpec> {
    let stem = &config.stem;
    let kernel = stem.convolutions.kernel();
    // Names, channels out and stride.
    let mut layers: Vec<(Names, usize, usize)> = match (stem.convolutions, config.pre_activation) {
        (StemConvolutions::Deep { channels: [a, b] }, pre_activation) => {
            let names: [Names; 3] = if pre_activation {
                [
                    ["stem.conv1", "stem.norm1", "stem.norm1.act"],
                    ["stem.conv2", "stem.norm2", "stem.norm2.act"],
                    ["stem.conv3", "", ""],
                ]
            } else {
                [
                    ["conv1.0", "conv1.1", "conv1.2"],
                    ["conv1.3", "conv1.4", "conv1.5"],
                    ["conv1.6", "bn1", "relu"],
                ]
            };
            let [first, second, third] = names;
            vec![(first, a, 2), (second, b, 1), (third, stem.channels, 1)]
        }
        (single, pre_activation) => {
            let names = match (config.family, pre_activation) {
                (Family::Reference, _) => ["preliminary.0", "preliminary.1", "preliminary.2"],
                (Family::Torchvision, false) => ["conv1", "bn1", "relu"],
                (Family::Torchvision, true) => ["stem.conv", "", ""],
            };
            let stride = if single == StemConvolutions::Conv3x3 {
                1
            } else {
                2
            };
            vec![(names, stem.channels, stride)]
        }
    };
    if stem.pool == StemPool::Convolution {
        layers.push((["maxpool.0", "maxpool.1", "maxpool.2"], stem.channels, 2));
    }
    let mut channels = config.input_channels;
    let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    let layers = layers
        .into_iter()
        .map(|([name, norm, relu], output_channels, stride)| {
            let kernel = if name == "maxpool.0" { 3 } else { kernel };
            ConvSpec {
                name: name.to_owned(),
                norm: named(norm),
                relu: named(relu),
                input_channels: std::mem::replace(&mut channels, output_channels),
                output_channels,
                kernel,
                stride,
                padding: kernel / 2,
                groups: 1,
                bias: false,
            }
        });
    layers.collect()
}

fn pools(config: &ResNetConfig) -> Vec<PoolSpec> {
    let over_end = match config.stem.pool {
        StemPool::Max => false,
        StemPool::MaxOverEnd => true,
        StemPool::None | StemPool::Convolution => return Vec::new(),
    };
    let name = match (config.family, config.pre_activation) {
        (Family::Reference, _) => "maxpool1",
        (Family::Torchvision, false) => "maxpool",
        (Family::Torchvision, true) => "stem.pool",
    };
    match config.anti_aliasing {
        None if over_end => vec![PoolSpec {
            padding: 0,
            ceil: true,
            ..PoolSpec::of_three(name.to_owned(), PoolKind::Max, 2)
        }],
        None => vec![PoolSpec::of_three(name.to_owned(), PoolKind::Max, 2)],
        Some(kind @ AntiAliasing::Average) => vec![anti_aliasing_pool(kind, name.to_owned())],
        Some(kind @ AntiAliasing::Blur) => vec![
            PoolSpec::of_three(format!("{name}.0"), PoolKind::Max, 1),
            anti_aliasing_pool(kind, format!("{name}.1")),
        ],
    }
}
